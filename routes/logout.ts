import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { Problem } from '../src/base/errors/problem.js'
import { logout, logoutEverywhere } from '../src/sign-in/logout.js'
import { answersToBody, Detail } from './schemas/answers.js'
import { closed, RefreshToken, TransportHeader } from './schemas/fields.js'

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify

  fastify.post(
    '/logout/',
    {
      config: { auth: 'session' },
      schema: {
        operationId: 'logout',
        tags: ['Sessions'],
        summary: 'Sign out on this device',
        description:
          'Ends the session of the access token, of the refresh token, or of both where they are of one person. Either is enough, so an expired access token does not keep anybody signed in. The cookie is cleared, unless the answer is 503: then it is kept to try again with.',
        security: [{ bearer: [] }, { refreshCookie: [] }, {}],
        headers: TransportHeader,
        body: closed({ refresh: Type.Optional(RefreshToken) }),
        response: answersToBody(
          { 200: Detail('Successfully logged out.') },
          'not_authenticated',
          'bad_authorization_header',
          'token_not_valid',
          'no_active_account',
          'cross_site_request'
        )
      }
    },
    async (request, reply) => {
      try {
        const presented = request.presentedRefresh(request.body.refresh)
        if (presented === null && request.bearerProblem !== null) throw request.bearerProblem
        const refresh = presented?.token
          ? { ...presented.token, transport: presented.transport }
          : null
        await logout(deps, { bearer: request.bearer, refresh }, request.sender)
      } catch (error) {
        // While the database is away the session lives: without its cookie nobody could end it later.
        if (error instanceof Problem && error.statusCode < 500) reply.clearRefreshCookie()
        throw error
      }
      reply.clearRefreshCookie()
      return { detail: request.language.texts('details', 'logged_out') }
    }
  )

  fastify.post(
    '/logout-all/',
    {
      config: { auth: 'bearer' },
      schema: {
        operationId: 'logoutAll',
        tags: ['Sessions'],
        summary: 'Sign out everywhere',
        description: 'Ends every session of the account, this one included.',
        security: [{ bearer: [] }],
        body: closed({}),
        response: answersToBody(
          { 200: Detail('Successfully logged out from all devices.') },
          'not_authenticated',
          'bad_authorization_header',
          'token_not_valid',
          'no_active_account'
        )
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
