import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Config } from '../src/base/config/load.js'
import type { Pages } from '../src/base/views/pages.js'
import { Page, Redirect } from './schemas/answers.js'

/** The first page: the account or the sign-in page, and in development what there is to see. */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps, devMailbox } = fastify
  const { config } = deps
  const { BASE_PATH, HOSTED_PAGES, production } = config
  if (!HOSTED_PAGES) return

  fastify.get(
    '/',
    {
      config: { auth: 'visitor', page: true },
      schema: {
        operationId: 'showHome',
        summary: 'Page that leads to the account or to the sign-in page',
        response: { 200: Page, 302: Redirect }
      }
    },
    async (request, reply) => {
      const signedIn = request.bearer?.principal !== null
      if (!production)
        return reply.page('home/development', {
          signedIn,
          mailbox: devMailbox !== null,
          open: !config.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION,
          hints: hintsFor(config)
        })
      return reply.redirect(`${BASE_PATH}/${signedIn ? 'account' : 'login'}/`, 302)
    }
  )
}

/** The settings of the first steps that are not in force. */
function hintsFor(config: Config): Pages['home/development']['hints'] {
  const canConfirm = !config.EMAIL_DISABLED && !config.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION
  return [
    ...(canConfirm && config.EMAIL_VERIFICATION === 'none' ? (['verification'] as const) : []),
    ...(config.JWT_ALLAUTH_MFA_TOTP_MODE === 'disabled' ? (['factor'] as const) : []),
    ...(config.APP_URL === null || config.RETURN_URLS.length === 0 ? (['app'] as const) : [])
  ]
}

export default routes
