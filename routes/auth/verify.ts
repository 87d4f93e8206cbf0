import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Principal } from '../../src/sessions/authenticate.js'

const text = (description: string) => Type.String({ description })

/** For proxies that ask before they pass a request on: `auth_request`, `forward_auth`, `ext_authz`. */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { roles } = fastify.deps

  fastify.get(
    '/auth/verify/',
    {
      // A proxy asks for every request of a site. Only a token of ours leads to the database.
      config: { auth: 'seen', rateLimit: false },
      schema: {
        operationId: 'verifyRequest',
        summary: 'Say who sent a request, for a proxy',
        description:
          'For a valid access token, or else the session cookie, which stays as it is. The answer has no body; its headers are for the service behind the proxy. The proxy must replace headers of these names that a client sends.',
        response: {
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
