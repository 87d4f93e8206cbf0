import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Page, Redirect } from '../schemas/answers.js'
import { doneOf } from './done.js'

/** One's own account: what there is, and where to change it. */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { JWT_ALLAUTH_MFA_TOTP_MODE: mode, EMAIL_DISABLED, EMAIL_VERIFICATION } = deps.config

  fastify.get(
    '/account/',
    {
      config: { auth: 'page', page: true },
      schema: {
        operationId: 'showAccount',
        summary: 'Page of the account',
        response: { 200: Page, 303: Redirect }
      }
    },
    async (request, reply) => {
      const { user, pendingEmail, mfaEnabled } = request.principal
      return reply.page('account/index', {
        email: user.email,
        name: `${user.firstName} ${user.lastName}`.trim(),
        pendingEmail,
        unconfirmed:
          user.emailVerifiedAt === null && EMAIL_VERIFICATION !== 'none' && !EMAIL_DISABLED,
        factor: mode === 'disabled' ? null : mfaEnabled ? 'on' : 'off',
        done: doneOf(request)
      })
    }
  )
}

export default routes
