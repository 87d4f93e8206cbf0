import formbody from '@fastify/formbody'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { answerForm, isForm } from '../../plugins/http/forms.js'
import { limitedTo } from '../../plugins/http/limited-to.js'
import { maskAddress } from '../../src/base/email-address.js'
import { acceptInvitation, readLiveInvitation } from '../../src/registration/accept-invitation.js'
import { exampleToken, Page, signInFields } from '../schemas/answers.js'
import { closed, Password, TransportHeader } from '../schemas/fields.js'

type Errors = Readonly<Record<string, readonly string[]>>

/** The first password of an invited person. */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps
  const rateLimit = limitedTo('password_reset', config.RATE_LIMIT_PASSWORD_RESET)
  await fastify.register(formbody, { bodyLimit: 16 * 1024 })

  fastify.get(
    '/registration/set-password/default/',
    {
      config: { auth: 'none', page: true, problems: ['link_invalid'] },
      schema: {
        operationId: 'showSetPasswordForm',
        tags: ['Registration'],
        summary: 'Page with the form for the first password',
        security: [{ setPasswordCookie: [] }, {}],
        response: { 200: Page }
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
    const id = request.readFlow('set_password')
    const link = id ? await readLiveInvitation(deps, id) : null
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
      config: { auth: 'flow', flow: 'set_password', page: true, rateLimit, problems: ['busy'] },
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
        response: {
          200: Type.Object(
            { ...signInFields, detail: Type.String() },
            { description: 'Set.', examples: [{ access: exampleToken, detail: 'Password set.' }] }
          )
        }
      }
    },
    async (request, reply) => {
      return answerForm(
        request,
        async () => {
          const { new_password1: first, new_password2: second } = request.body
          const chosen = { first, second, signsIn: !isForm(request) }
          const signIn = await acceptInvitation(deps, request.flow, chosen, request.sender)
          reply.endFlow('set_password')
          if (isForm(request) || signIn === null) {
            const done = 'registration/set-password-complete'
            return reply.redirectToMfa(signIn) ?? reply.page(done, {})
          }
          return {
            ...reply.answerSignIn(signIn),
            detail: request.language.texts('details', 'password_set')
          }
        },
        (errors, status) => showForm(request, reply, errors, status)
      )
    }
  )
}

export default routes
