import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { type Static, Type } from 'typebox'
import { languageNames } from '../src/base/i18n/language-names.js'
import { keySetMaxAge } from '../src/tokens/keys/store.js'
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
  { title: 'PublicKey', description: 'A public key (RFC 7517).' }
)

const strings = (description: string) => Type.Array(Type.String(), { description })

const Metadata = Type.Object(
  {
    issuer: Type.String({ description: '`iss` of tokens.' }),
    jwks_uri: Type.String(),
    // Absent lists would stand for the defaults of RFC 8414, which claim the flows of OAuth.
    response_types_supported: strings('Empty: no OAuth flow is offered.'),
    grant_types_supported: strings('Empty, too.'),
    subject_types_supported: strings('`sub` is the same for every client.'),
    id_token_signing_alg_values_supported: strings(
      'The algorithms of the published keys, under the name where verifiers look for it.'
    ),
    ui_locales_supported: strings('Languages of pages, mails and sentences.'),
    service_documentation: Type.String(),
    login_endpoint: Type.String(),
    refresh_endpoint: Type.String(),
    logout_endpoint: Type.String(),
    user_endpoint: Type.String(),
    verify_endpoint: Type.String()
  },
  {
    title: 'Metadata',
    description: 'Metadata of the service.',
    examples: [
      {
        issuer: 'https://auth.example.com',
        jwks_uri: 'https://auth.example.com/.well-known/jwks.json',
        response_types_supported: [],
        grant_types_supported: [],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['ES256'],
        ui_locales_supported: ['en', 'de'],
        service_documentation: 'https://auth.example.com/docs/',
        login_endpoint: 'https://auth.example.com/login/',
        refresh_endpoint: 'https://auth.example.com/refresh/',
        logout_endpoint: 'https://auth.example.com/logout/',
        user_endpoint: 'https://auth.example.com/user/',
        verify_endpoint: 'https://auth.example.com/auth/verify/'
      }
    ]
  }
)

/** For every page and every verifier, which may keep it a while. */
const published = {
  'cache-control': `public, max-age=${keySetMaxAge}`,
  'access-control-allow-origin': '*'
}

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
              title: 'KeySet',
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
      reply.headers(published)
      return { keys: keys.jwks().map(toAnswer) }
    }
  )

  for (const [name, operationId, specification] of [
    ['oauth-authorization-server', 'readMetadata', 'RFC 8414'],
    ['openid-configuration', 'readOpenidMetadata', 'the same document']
  ] as const)
    fastify.get(
      `/.well-known/${name}`,
      {
        config: { auth: 'none' },
        schema: {
          operationId,
          tags: ['Keys'],
          summary: `What verifiers of access tokens look up (${specification})`,
          description:
            'For services that verify access tokens and find the keys by the issuer. No OAuth flow is offered, so the lists of flows are empty.',
          response: { 200: Metadata }
        }
      },
      async (_request, reply) => {
        reply.headers(published)
        return metadataOf(fastify)
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

/** What is here, under the names of RFC 8414 and OpenID Connect Discovery, and paths of our own API. */
function metadataOf({ deps: { config, keys } }: FastifyInstance): Static<typeof Metadata> {
  const { PUBLIC_URL: issuer } = config
  const api = `${issuer}${config.BASE_PATH}`
  return {
    issuer,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    response_types_supported: [],
    grant_types_supported: [],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [...new Set(keys.jwks().map(({ alg }) => alg))],
    ui_locales_supported: [...languageNames],
    service_documentation: `${issuer}/docs/`,
    login_endpoint: `${api}/login/`,
    refresh_endpoint: `${api}/refresh/`,
    logout_endpoint: `${api}/logout/`,
    user_endpoint: `${api}/user/`,
    verify_endpoint: `${api}/auth/verify/`
  }
}

type PublicJwk = ReturnType<import('../src/tokens/keys/keyring.js').KeyRing['jwks']>[number]

function toAnswer({ kid, alg, use, kty = '', crv, x, y, n, e }: PublicJwk) {
  const members = Object.entries({ crv, x, y, n, e }).filter(([, value]) => value !== undefined)
  return { kty, kid, alg, use, ...(Object.fromEntries(members) as Record<string, string>) }
}

export default routes
