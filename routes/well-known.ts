import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { Redirect } from './schemas/answers.js'

const Jwk = Type.Object(
  {
    kty: Type.String(),
    kid: Type.String(),
    alg: Type.String(),
    use: Type.String(),
    crv: Type.Optional(Type.String()),
    x: Type.Optional(Type.String()),
    y: Type.Optional(Type.String()),
    n: Type.Optional(Type.String()),
    e: Type.Optional(Type.String())
  },
  { description: 'A public key (RFC 7517).' }
)

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { keys, config } = fastify.deps

  fastify.get(
    '/.well-known/jwks.json',
    {
      config: { auth: 'none' },
      schema: {
        operationId: 'readKeys',
        tags: ['Keys'],
        summary: 'Public keys of access tokens',
        description:
          'The current key, the next key, and older keys whose tokens may still be valid. Keep them as long as `Cache-Control` says, and fetch them again when a token has an unknown `kid`.',
        response: {
          200: Type.Object(
            { keys: Type.Array(Jwk) },
            {
              description: 'A JSON Web Key Set.',
              examples: [
                {
                  keys: [
                    { kty: 'EC', crv: 'P-256', x: '…', y: '…', kid: '…', alg: 'ES256', use: 'sig' }
                  ]
                }
              ]
            }
          )
        }
      }
    },
    async (_request, reply) => {
      reply
        .header('cache-control', 'public, max-age=300')
        .header('access-control-allow-origin', '*')
      return { keys: keys.jwks().map(toAnswer) }
    }
  )

  if (config.EMAIL_DISABLED) return
  fastify.get(
    '/.well-known/change-password',
    {
      config: { auth: 'none' },
      schema: {
        operationId: 'changePasswordPage',
        tags: ['Password reset'],
        summary: 'Page for password managers to change a password',
        response: { 302: Redirect }
      }
    },
    async (_request, reply) => reply.redirect(`${config.BASE_PATH}/password/reset/`, 302)
  )
}

type PublicJwk = ReturnType<import('../src/tokens/keys/keyring.js').KeyRing['jwks']>[number]

function toAnswer({ kid, alg, use, kty = '', crv, x, y, n, e }: PublicJwk) {
  const members = Object.entries({ crv, x, y, n, e }).filter(([, value]) => value !== undefined)
  return { kty, kid, alg, use, ...(Object.fromEntries(members) as Record<string, string>) }
}

export default routes
