import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { Problem } from '../src/base/errors/problem.js'
import { logout } from '../src/sign-in/logout.js'
import { Detail } from './schemas/answers.js'
import { closed, RefreshTokenText, TransportHeader } from './schemas/fields.js'

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify

  fastify.post(
    '/logout/',
    {
      config: { auth: 'session' },
      // While the database is away the session lives: without its cookie nobody could end it later.
      onError: async (_request, reply, error) => {
        if (error instanceof Problem && error.statusCode === 401) reply.clearRefreshCookie()
      },
      schema: {
        operationId: 'logout',
        summary: 'Sign out on this device',
        description:
          'Ends the session of the access token, of the refresh token, or of both where they are of one person. Either is enough, so an expired access token does not keep anybody signed in. The cookie is cleared, unless the answer is 503: then it is kept to try again with.',
        headers: TransportHeader,
        body: closed({ refresh: Type.Optional(RefreshTokenText) }),
        response: { 200: Detail('Successfully logged out.') }
      }
    },
    async (request, reply) => {
      const { bearer, refreshToken } = request
      const proofs = { bearer: bearer?.principal ?? null, refresh: refreshToken }
      await logout(deps, proofs, request.sender)
      reply.clearRefreshCookie()
      return { detail: request.language.texts('details', 'logged_out') }
    }
  )
}

export default routes
