import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Page, Redirect } from './schemas/answers.js'

/** The first page: the account or the sign-in page, and in development what there is to see. */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps, devMailbox } = fastify
  const { BASE_PATH, HOSTED_PAGES, production } = deps.config
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
        return reply.page('home/development', { signedIn, mailbox: devMailbox !== null })
      return reply.redirect(`${BASE_PATH}/${signedIn ? 'account' : 'login'}/`, 302)
    }
  )
}

export default routes
