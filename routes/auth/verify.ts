import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { proxyMatcher } from '../../plugins/http/client-address.js'
import { isUnsafe } from '../../plugins/http/methods.js'
import { prefersPage } from '../../plugins/http/negotiate.js'
import { allowedReturn } from '../../src/base/return-url.js'
import type { Principal } from '../../src/sessions/authenticate.js'
import { Redirect } from '../schemas/answers.js'

const text = (description: string) => Type.String({ description })

/** For proxies that ask before they pass a request on: `auth_request`, `forward_auth`, `ext_authz`. */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { config, roles } = fastify.deps
  const isProxy = proxyMatcher(config.TRUST_PROXY)

  /**
   * The sign-in page that leads back to what a browser asked a trusted proxy for; null for a program, and
   * where there is no such page or no way back.
   */
  function signInPage(request: FastifyRequest): string | null {
    const { headers, ip } = request
    const { 'x-forwarded-method': method = 'GET', 'sec-fetch-mode': mode } = headers
    const isNavigation = mode === undefined ? prefersPage(request) : mode === 'navigate'
    if (!config.HOSTED_PAGES || !isNavigation || isUnsafe(String(method)) || !isProxy(ip))
      return null
    const {
      'x-forwarded-proto': scheme,
      'x-forwarded-host': host,
      'x-forwarded-uri': uri
    } = headers
    const back = allowedReturn(config, `${scheme}://${host}${uri}`)
    if (back === null) return null
    const query = new URLSearchParams({ return_to: back })
    return `${config.PUBLIC_URL}${config.BASE_PATH}/login/?${query}`
  }

  fastify.get(
    '/auth/verify/',
    {
      // A proxy asks for every request of a site. Only a token of ours leads to the database.
      config: { auth: 'seen', limit: false },
      errorHandler: (error, request, reply) => {
        const page = error.statusCode === 401 ? signInPage(request) : null
        if (page === null) throw error
        return reply.redirect(page, 302)
      },
      schema: {
        operationId: 'verifyRequest',
        summary: 'Say who sent a request, for a proxy',
        description:
          'For a valid access token, or else the session cookie, which stays as it is. The answer has no body; its headers are for the service behind the proxy. The proxy must replace headers of these names that a client sends. Without a session, a browser is redirected to the sign-in page if the proxy is one of `TRUST_PROXY` and says in `X-Forwarded-Proto`, `-Host` and `-Uri` what was asked for, and `RETURN_URLS` allows that address.',
        response: {
          302: Redirect,
          200: Type.Null({
            description: 'A signed-in person.',
            headers: {
              'X-Auth-User-Id': text('Id of the account; `sub` of access tokens.'),
              'X-Auth-Email': text('The address.'),
              'X-Auth-Email-Verified': text('`true` or `false`.'),
              'X-Auth-Role': text('Name of the role.'),
              'X-Auth-Session': text('Id of the session; `sid` of access tokens.'),
              'X-Auth-Amr': text('How the person signed in, such as `pwd otp`.')
            }
          })
        }
      }
    },
    // With null the answer would be the four letters.
    async ({ principal }, reply) =>
      reply
        .headers(headersOf(principal))
        .type('text/plain; charset=utf-8')
        .send('' as never)
  )

  function headersOf({ user, sessionId, amr }: Principal) {
    return {
      'x-auth-user-id': user.id,
      'x-auth-email': user.email,
      'x-auth-email-verified': String(user.emailVerifiedAt !== null),
      'x-auth-role': roles.nameOf(user.role),
      'x-auth-session': sessionId,
      'x-auth-amr': amr.join(' ')
    }
  }
}

export default routes
