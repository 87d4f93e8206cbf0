import formbody from '@fastify/formbody'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { requestMail } from '../request-mail.js'

const routes: FastifyPluginAsyncTypebox = async fastify => {
  if (fastify.deps.config.EMAIL_DISABLED) return
  await fastify.register(formbody, { bodyLimit: 16 * 1024 })

  requestMail(fastify, '/registration/invitation/resend/', {
    kind: 'invitation',
    schema: {
      operationId: 'askInvitationAgain',
      tags: ['Registration'],
      summary: 'Ask for an invitation that ran out again',
      description: 'Mails an open invitation again. The answer is the same for every address.'
    },
    detail: ['invitation_asked', 'If there is an invitation for this address, it was sent again.'],
    show: (reply, email, wrong) =>
      reply.page(
        'registration/invitation-expired',
        wrong === undefined ? { asked: true } : { errors: wrong.errors, values: { email } },
        wrong?.status
      )
  })
}

export default routes
