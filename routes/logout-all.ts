import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { logoutEverywhere } from '../src/sign-in/end-sessions.js'
import { Detail } from './schemas/answers.js'
import { closed } from './schemas/fields.js'

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify

  fastify.post(
    '/logout-all/',
    {
      config: { auth: 'bearer', setsCookies: true },
      schema: {
        operationId: 'logoutAll',
        summary: 'Sign out everywhere',
        description: 'Ends every session of the account, including the current one.',
        body: closed({}),
        response: { 200: Detail('Successfully logged out from all devices.') }
      }
    },
    async (request, reply) => {
      await logoutEverywhere(deps, request.principal, request.sender)
      reply.clearRefreshCookie()
      return { detail: request.language.texts('details', 'logged_out_all') }
    }
  )
}

export default routes
