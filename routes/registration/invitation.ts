import formbody from '@fastify/formbody'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { answerForm, isForm, typedEmail } from '../../plugins/http/forms.js'
import { limitedTo } from '../../plugins/http/limited-to.js'
import { sendLink } from '../../src/mail/send-link.js'
import { Detail } from '../schemas/answers.js'
import { EmailOnly } from '../schemas/mail-codes.js'

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps
  const rateLimit = limitedTo('password_reset', config.RATE_LIMIT_PASSWORD_RESET)
  if (config.EMAIL_DISABLED) return
  await fastify.register(formbody, { bodyLimit: 16 * 1024 })

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
        response: {
          200: Detail('If there is an invitation for this address, it was sent again.')
        }
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
