import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { limitedTo } from '../plugins/http/limited-to.js'
import { Problem } from '../src/base/errors/problem.js'
import { refresh } from '../src/sessions/refresh.js'
import { answersToBody, TokenPair } from './schemas/answers.js'
import { closed, RefreshToken, TransportHeader } from './schemas/fields.js'

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify

  fastify.post(
    '/refresh/',
    {
      config: { auth: 'refresh', rateLimit: limitedTo('refresh', deps.config.RATE_LIMIT_REFRESH) },
      schema: {
        operationId: 'refresh',
        tags: ['Sessions'],
        summary: 'Exchange the refresh token for new tokens',
        description:
          'The token presented is used up. Presented again within the grace it answers with the same successor; later that is taken for theft and ends the session. The cookie is cleared only when its token can never work again.',
        security: [{ refreshCookie: [] }, {}],
        headers: TransportHeader,
        body: closed({ refresh: Type.Optional(RefreshToken) }),
        response: answersToBody(
          { 200: TokenPair },
          'refresh_missing',
          'token_not_valid',
          'refresh_reused',
          'session_expired',
          'no_active_account',
          'email_not_verified',
          'cross_site_request',
          'busy'
        )
      }
    },
    async (request, reply) => {
      const presented = request.presentedRefresh(request.body.refresh)
      if (presented === null) throw new Problem('refresh_missing')
      try {
        if (presented.token === null) throw new Problem('token_not_valid', { final: true })
        const grant = await refresh(
          deps,
          { ...presented.token, transport: presented.transport },
          request.sender
        )
        return reply.giveTokens(grant)
      } catch (error) {
        const isDead = error instanceof Problem && error.details.final === true
        if (isDead && presented.transport === 'cookie') reply.clearRefreshCookie()
        throw error
      }
    }
  )
}

export default routes
