import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { isForm, prefersPage } from '../plugins/http/negotiate.js'
import { Problem } from '../src/base/errors/problem.js'
import { logout } from '../src/sign-in/logout.js'
import { Detail, Page, Redirect } from './schemas/answers.js'
import { RefreshBody, TransportHeader } from './schemas/fields.js'

/** Whether the button of the page sent it. Some libraries send this type with an empty body. */
const isOfPage = (request: FastifyRequest) => isForm(request) && prefersPage(request)

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { BASE_PATH, HOSTED_PAGES } = deps.config

  if (HOSTED_PAGES)
    fastify.get(
      '/logout/',
      {
        config: { auth: 'visitor', page: true },
        schema: {
          operationId: 'showLogout',
          summary: 'Page that signs out, or says that nobody is signed in',
          response: { 200: Page }
        }
      },
      async (request, reply) => {
        reply.keepReturn()
        const { user } = request.bearer?.principal ?? {}
        return user === undefined
          ? reply.page('logout/done', {})
          : reply.page('logout/confirm', { email: user.email })
      }
    )

  fastify.post(
    '/logout/',
    {
      config: { auth: 'session', setsCookies: true, ...(HOSTED_PAGES && { page: true }) },
      // A form that finds no session has what it wants.
      errorHandler: (error, request, reply) => {
        if (!isOfPage(request) || !(error instanceof Problem) || error.statusCode !== 401)
          throw error
        return reply.redirect(`${BASE_PATH}/logout/`, 303)
      },
      // A 503 keeps the cookie: the session is still alive, and the client needs the cookie to end it.
      onError: async (_request, reply, error) => {
        if (error instanceof Problem && error.statusCode === 401) reply.clearRefreshCookie()
      },
      schema: {
        operationId: 'logout',
        summary: 'Sign out on this device',
        description:
          'Ends the session of the access token, of the refresh token, or of both when they belong to the same person. One of them is enough, so signing out works with an expired access token. The answer clears the cookie. A 503 keeps it, so that the client can try again.',
        headers: TransportHeader,
        body: RefreshBody,
        response: { 200: Detail('Successfully logged out.'), 303: Redirect }
      }
    },
    async (request, reply) => {
      const { bearer, refreshToken } = request
      const proofs = { bearer: bearer?.principal ?? null, refresh: refreshToken }
      await logout(deps, proofs, request.sender)
      reply.clearRefreshCookie()
      if (isOfPage(request)) return reply.redirect(`${BASE_PATH}/logout/`, 303)
      return { detail: request.language.texts('details', 'logged_out') }
    }
  )
}

export default routes
