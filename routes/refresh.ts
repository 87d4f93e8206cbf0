import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { refresh } from '../src/sessions/refresh.js'
import type { RefreshToken } from '../src/sessions/session.js'
import { TokenPair } from './schemas/answers.js'
import { RefreshBody, TransportHeader } from './schemas/fields.js'

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
          'Uses up the refresh token and answers with the next one. A client that got no answer repeats the request with the same token, at any time. Requests that arrive together get the same token, within the grace (`REFRESH_REUSE_GRACE_SECONDS`), and only the answer that makes one or brings one up to date sets the cookie. A token that the session has left behind counts as stolen and ends the session. The cookie is cleared only when its token can never work again.',
        headers: TransportHeader,
        body: RefreshBody,
        response: { 200: TokenPair }
      }
    },
    async (request, reply) => {
      const token = request.refreshToken as RefreshToken
      const { session, isNews } = await refresh(deps, token, request.sender)
      return reply.issueTokens(session, { cookie: isNews })
    }
  )
}

export default routes
