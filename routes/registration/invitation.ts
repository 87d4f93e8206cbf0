import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { requestMail } from '../request-mail.js'

const routes: FastifyPluginAsyncTypebox = async fastify => {
  if (fastify.deps.config.EMAIL_DISABLED) return

  requestMail(fastify, '/registration/invitation/resend/', {
    kind: 'invitation',
    schema: {
      operationId: 'askInvitationAgain',
      summary: 'Request a new mail for an expired invitation',
      description: 'Sends an open invitation again. The answer is the same for every address.'
    },
    detail: ['invitation_asked', 'If there is an invitation for this address, it was sent again.'],
    form: 'registration/invitation-expired',
    showDone: reply => reply.page('registration/invitation-expired', { asked: true })
  })
}

export default routes
