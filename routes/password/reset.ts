import formbody from '@fastify/formbody'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { answerForm, isForm, isPrefetch, typedEmail } from '../../plugins/http/forms.js'
import { limitedTo } from '../../plugins/http/limited-to.js'
import { wantsPage } from '../../plugins/http/negotiate.js'
import { maskAddress } from '../../src/base/email-address.js'
import { Problem } from '../../src/base/errors/problem.js'
import type { Link } from '../../src/links/link.js'
import { sendLink } from '../../src/mail/send-link.js'
import { openResetByCode, openResetLink, readLiveReset } from '../../src/passwords/reset/open.js'
import { setNewPassword } from '../../src/passwords/reset/set.js'
import { Detail, exampleToken, Page, Redirect, signInFields } from '../schemas/answers.js'
import { closed, Password, TransportHeader } from '../schemas/fields.js'
import { EmailAndCode, EmailOnly } from '../schemas/mail-codes.js'

/** Asking for a reset, opening its link, choosing the password: for programs and for people. */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps
  const base = config.BASE_PATH
  const formPage = config.PASSWORD_RESET_REDIRECT ?? `${base}/password/reset/default/`
  const rateLimit = limitedTo('password_reset', config.RATE_LIMIT_PASSWORD_RESET)
  if (config.EMAIL_DISABLED) return
  await fastify.register(formbody, { bodyLimit: 16 * 1024 })

  const start = (reply: FastifyReply, { id, expiresAt }: Link) =>
    reply.startFlow('password_reset', id, expiresAt)

  fastify.get(
    '/password/reset/',
    {
      config: { auth: 'none', page: true },
      schema: {
        operationId: 'showPasswordResetRequest',
        tags: ['Password reset'],
        summary: 'Page that asks for the address',
        security: [],
        response: { 200: Page }
      }
    },
    async (_request, reply) => reply.page('password-reset/request', {})
  )

  fastify.post(
    '/password/reset/',
    {
      config: { auth: 'none', page: true, rateLimit },
      attachValidation: true,
      schema: {
        operationId: 'requestPasswordReset',
        tags: ['Password reset'],
        summary: 'Mail a reset link',
        description:
          'The answer, its time and its headers are the same for every address. An account whose address was never confirmed gets the mail too; an invited one gets its invitation again.',
        security: [],
        body: EmailOnly,
        response: { 200: Detail('Password reset e-mail has been sent.') }
      }
    },
    async (request, reply) =>
      answerForm(
        request,
        async () => {
          const { email } = request.body
          const { network, locale } = request.sender
          await sendLink(deps, { kind: 'password_reset', email, network, locale })
          if (isForm(request)) return reply.page('password-reset/sent', { values: { email } })
          return { detail: request.language.texts('details', 'reset_sent') }
        },
        (errors, status) =>
          reply.page('password-reset/request', { errors, values: typedEmail(request) }, status)
      )
  )

  fastify.get(
    '/password/reset/code/',
    {
      config: { auth: 'none', page: true },
      schema: {
        operationId: 'showPasswordResetCode',
        tags: ['Password reset'],
        summary: 'Page that takes the code of the mail',
        security: [],
        response: { 200: Page }
      }
    },
    async (_request, reply) => reply.page('password-reset/sent', {})
  )

  fastify.post(
    '/password/reset/code/',
    {
      config: { auth: 'none', page: true, rateLimit, problems: ['invalid_code'] },
      attachValidation: true,
      schema: {
        operationId: 'openPasswordResetByCode',
        tags: ['Password reset'],
        summary: 'Open a reset by the code of its mail',
        description: 'Does what the link does: leaves the cookie that allows one new password.',
        security: [],
        body: EmailAndCode,
        response: { 200: Detail('Now choose a new password.'), 303: Redirect }
      }
    },
    async (request, reply) =>
      answerForm(
        request,
        async () => {
          const { email, code } = request.body
          start(reply, await openResetByCode(deps, { email, code }, request.sender))
          if (isForm(request)) return reply.redirect(formPage, 303)
          return { detail: request.language.texts('details', 'choose_password') }
        },
        (errors, status) =>
          reply.page('password-reset/sent', { errors, values: typedEmail(request) }, status)
      )
  )

  fastify.route({
    method: ['GET', 'HEAD'],
    url: '/password/reset/confirm/:uid/:token/',
    config: { auth: 'none', page: true, rateLimit, problems: ['link_invalid'] },
    schema: {
      operationId: 'openPasswordReset',
      tags: ['Password reset'],
      summary: 'Follow a reset link',
      description:
        'Leaves the cookie `password_reset_access_token` and goes to the form, whose URL holds no token. The link stays good until the password is set, it expires or a newer one is mailed. `HEAD` and prefetches get neither cookie nor effect.',
      security: [],
      params: closed({
        uid: Type.String({ maxLength: 64 }),
        token: Type.String({ maxLength: 64 })
      }),
      response: { 204: Type.Null({ description: 'A prefetch.' }), 302: Redirect }
    },
    handler: async (request, reply) => {
      if (isPrefetch(request)) return reply.code(204).send(null)
      const link = await openResetLink(deps, request.params as { uid: string; token: string })
      if (link !== null) return start(reply, link).redirect(formPage, 302)
      if (wantsPage(request)) return reply.page('password-reset/invalid', {}, 400)
      throw new Problem('link_invalid')
    }
  })

  fastify.get(
    '/password/reset/default/',
    {
      config: { auth: 'none', page: true, problems: ['link_invalid'] },
      schema: {
        operationId: 'showPasswordResetForm',
        tags: ['Password reset'],
        summary: 'Page with the form for the new password',
        description: 'Shows the form only while the cookie still allows a new password.',
        security: [{ passwordResetCookie: [] }, {}],
        response: { 200: Page }
      }
    },
    async (request, reply) => showForm(request, reply, undefined, 200)
  )

  async function showForm(
    request: FastifyRequest,
    reply: FastifyReply,
    errors?: Errors,
    status = 200
  ) {
    const id = request.readFlow('password_reset')
    const link = id ? await readLiveReset(deps, id) : null
    if (link === null) return reply.page('password-reset/invalid', {}, 400)
    const maskedEmail = maskAddress(link.address)
    return reply.page('password-reset/new', { maskedEmail, ...(errors && { errors }) }, status)
  }

  fastify.get(
    '/password/reset/complete/',
    {
      config: { auth: 'none', page: true },
      schema: {
        operationId: 'showPasswordResetDone',
        tags: ['Password reset'],
        summary: 'Page that says it is done',
        security: [],
        response: { 200: Page }
      }
    },
    async (_request, reply) => reply.page('password-reset/complete', {})
  )

  fastify.post(
    '/password/reset/set-new/',
    {
      config: { auth: 'flow', flow: 'password_reset', page: true, rateLimit, problems: ['busy'] },
      attachValidation: true,
      schema: {
        operationId: 'setNewPassword',
        tags: ['Password reset'],
        summary: 'Set the new password',
        description:
          'Allowed by the cookie that the link left, and by it alone. A refused password leaves link and cookie as they were; success uses both up and ends every session. JSON is answered with a fresh session, or with what the second factor asks; a form goes to the done page and signs nobody in, or to the setup of a second factor where one is required and missing.',
        security: [{ passwordResetCookie: [] }],
        headers: TransportHeader,
        body: closed({ new_password1: Password, new_password2: Password }),
        response: {
          200: Type.Object(
            { ...signInFields, detail: Type.String() },
            {
              description: 'Set.',
              examples: [{ access: exampleToken, detail: 'Password reset.' }]
            }
          ),
          303: Redirect
        }
      }
    },
    async (request, reply) => {
      return answerForm(
        request,
        async () => {
          const { new_password1: first, new_password2: second } = request.body
          const chosen = { first, second, signsIn: !isForm(request) }
          const signIn = await setNewPassword(deps, request.flow, chosen, request.sender)
          reply.endFlow('password_reset')
          if (isForm(request) || signIn === null) {
            const done = `${base}/password/reset/complete/`
            return reply.redirectToMfa(signIn) ?? reply.redirect(done, 303)
          }
          return {
            ...reply.answerSignIn(signIn),
            detail: request.language.texts('details', 'password_reset')
          }
        },
        (errors, status) => showForm(request, reply, errors, status)
      )
    }
  )
}

type Errors = Readonly<Record<string, readonly string[]>>

export default routes
