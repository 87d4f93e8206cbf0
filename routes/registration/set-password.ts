import formbody from '@fastify/formbody'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { answerForm, isForm, typedEmail } from '../../plugins/http/forms.js'
import { limitedTo } from '../../plugins/http/limited-to.js'
import { maskAddress } from '../../src/base/email-address.js'
import { Problem } from '../../src/base/errors/problem.js'
import { sendLink } from '../../src/mail/send-link.js'
import { acceptInvitation, readLiveInvitation } from '../../src/registration/accept-invitation.js'
import {
  answers,
  answersToBody,
  Detail,
  exampleToken,
  Page,
  signInFields
} from '../schemas/answers.js'
import { closed, Password, TransportHeader } from '../schemas/fields.js'
import { EmailOnly } from '../schemas/mail-codes.js'

type Errors = Readonly<Record<string, readonly string[]>>

/** The first password of an invited person (contract 1.12). */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps
  const rateLimit = limitedTo('password-reset', config.RATE_LIMIT_PASSWORD_RESET)
  await fastify.register(formbody, { bodyLimit: 16 * 1024 })

  fastify.get(
    '/registration/set-password/default/',
    {
      config: { auth: 'none', page: true },
      schema: {
        operationId: 'showSetPasswordForm',
        tags: ['Registration'],
        summary: 'Page with the form for the first password',
        security: [{ setPasswordCookie: [] }, {}],
        response: answers({ 200: Page }, 'link_invalid')
      }
    },
    async (request, reply) => showForm(request, reply)
  )

  async function showForm(
    request: FastifyRequest,
    reply: FastifyReply,
    errors?: Errors,
    status = 200
  ) {
    const capability = request.readCapability('setPassword')
    const link = capability && (await readLiveInvitation(deps, capability.linkId))
    if (link === null) {
      const mailless = config.EMAIL_DISABLED
      return reply.page('registration/invitation-expired', { mailless }, 400)
    }
    const maskedEmail = maskAddress(link.address)
    return reply.page(
      'registration/set-password',
      { maskedEmail, ...(errors && { errors }) },
      status
    )
  }

  fastify.post(
    '/registration/set-password/',
    {
      config: { auth: 'capability', page: true, rateLimit },
      attachValidation: true,
      schema: {
        operationId: 'setFirstPassword',
        tags: ['Registration'],
        summary: 'Accept an invitation with a first password',
        description:
          'Allowed by the cookie that the invitation left, and by it alone. A refused password leaves both as they were. JSON is answered with a session, or with what the second factor asks; a form is shown what comes next.',
        security: [{ setPasswordCookie: [] }],
        headers: TransportHeader,
        body: closed({ new_password1: Password, new_password2: Password }),
        response: answersToBody(
          {
            200: Type.Object(
              { ...signInFields, detail: Type.String() },
              { description: 'Set.', examples: [{ access: exampleToken, detail: 'Password set.' }] }
            )
          },
          'not_authenticated',
          'capability_invalid',
          'cross_site_request',
          'busy'
        )
      }
    },
    async (request, reply) => {
      try {
        // Before the body is judged: without the capability nothing of it matters.
        const { linkId } = request.demandCapability('setPassword')
        return await answerForm(
          request,
          async () => {
            const { new_password1: first, new_password2: second } = request.body
            const chosen = { first, second, signsIn: !isForm(request) }
            const signIn = await acceptInvitation(deps, linkId, chosen, request.sender)
            reply.clearCapability('setPassword')
            if (isForm(request) || signIn === null) {
              const done = 'registration/set-password-complete'
              return reply.leadToFactor(signIn) ?? reply.page(done, {})
            }
            return {
              ...reply.giveSignIn(signIn),
              detail: request.language.texts('details', 'password_set')
            }
          },
          (errors, status) => showForm(request, reply, errors, status)
        )
      } catch (error) {
        if (error instanceof Problem && error.details.final) reply.clearCapability('setPassword')
        throw error
      }
    }
  )

  if (config.EMAIL_DISABLED) return
  fastify.post(
    '/registration/invitation/resend/',
    {
      config: { auth: 'none', page: true, rateLimit },
      attachValidation: true,
      schema: {
        operationId: 'askInvitationAgain',
        tags: ['Registration'],
        summary: 'Ask for an invitation that ran out again',
        description: 'Mails an open invitation again. The answer is the same for every address.',
        security: [],
        body: EmailOnly,
        response: answersToBody({
          200: Detail('If there is an invitation for this address, it was sent again.')
        })
      }
    },
    async (request, reply) =>
      answerForm(
        request,
        async () => {
          const { email } = request.body
          const { network, locale } = request.sender
          await sendLink(deps, { kind: 'invitation', email, network, locale })
          if (isForm(request)) return reply.page('registration/invitation-expired', { asked: true })
          return { detail: request.language.texts('details', 'invitation_asked') }
        },
        (errors, status) =>
          reply.page(
            'registration/invitation-expired',
            { errors, values: typedEmail(request) },
            status
          )
      )
  )
}

export default routes
