import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { refresh } from '../src/sessions/refresh.js'
import type { RefreshToken } from '../src/sessions/session.js'
import { TokenPair } from './schemas/answers.js'
import { closed, RefreshTokenText, TransportHeader } from './schemas/fields.js'

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify

  fastify.post(
    '/refresh/',
    {
      config: {
        auth: 'refresh',
        limit: 'refresh',
        problems: [
          'refresh_reused',
          'session_expired',
          'no_active_account',
          'email_not_verified',
          'busy'
        ]
      },
      schema: {
        operationId: 'refresh',
        summary: 'Exchange the refresh token for new tokens',
        description:
          'Uses up the refresh token. When the same token is sent again within the grace (`REFRESH_REUSE_GRACE_SECONDS`), the answer has the same new token. Later it counts as theft and ends the session. The cookie is cleared only when its token can never work again.',
        headers: TransportHeader,
        body: closed({ refresh: Type.Optional(RefreshTokenText) }),
        response: { 200: TokenPair }
      }
    },
    async (request, reply) =>
      reply.issueTokens(await refresh(deps, request.refreshToken as RefreshToken, request.sender))
  )
}

export default routes
