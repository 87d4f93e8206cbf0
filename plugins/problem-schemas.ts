import type { FastifyContextConfig, FastifySchema, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { Type } from 'typebox'
import { catalogue, type ProblemCode } from '../src/base/errors/catalogue.js'
import { loadTexts } from '../src/base/i18n/texts.js'
import { isUnsafe } from './http/methods.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Codes that the route can answer, besides those that its other options imply. */
    problems?: readonly ProblemCode[]
  }
}

/** Every route: too many requests, an error in the service, no database. */
const everywhere = ['throttled', 'internal_error', 'unavailable'] as const
const withBody = [
  'validation_error',
  'malformed_body',
  'payload_too_large',
  'unsupported_media_type'
] as const
const bearer = [
  'not_authenticated',
  'bad_authorization_header',
  'token_not_valid',
  'no_active_account'
] as const
type AuthLevel = NonNullable<FastifyContextConfig['auth']>

const byLevel: Readonly<Record<AuthLevel, readonly ProblemCode[]>> = {
  none: [],
  bearer,
  session: bearer,
  setup: [...bearer, 'setup_challenge_invalid'],
  refresh: ['refresh_missing', 'token_not_valid'],
  flow: [],
  seen: bearer,
  page: ['not_authenticated', 'token_not_valid', 'no_active_account'],
  visitor: []
}

const byAccessToken = { bearer: [] }
const byRefreshCookie = { refreshCookie: [] }
type Security = readonly Readonly<Record<string, readonly string[]>>[]

/** `{}` stands for a proof that is no security scheme of the document, such as a field of the body. */
const securityByLevel: Readonly<Record<AuthLevel, Security>> = {
  none: [],
  bearer: [byAccessToken],
  session: [byAccessToken, byRefreshCookie, {}],
  setup: [byAccessToken, {}],
  refresh: [byRefreshCookie, {}],
  flow: [],
  seen: [byAccessToken, byRefreshCookie],
  page: [byRefreshCookie],
  visitor: [byRefreshCookie, {}]
}
const securityByFlow: Readonly<Partial<Record<string, Security>>> = {
  password_reset: [{ passwordResetCookie: [] }],
  set_password: [{ setPasswordCookie: [] }]
}

/**
 * Adds what `config` implies to the schema of each route: `security`, and the error answers by
 * status. The codes are those of `config.problems` and those of the level, the body, the roles and
 * the cross-site check.
 */
export default fp(
  async fastify => {
    fastify.addHook('onRoute', route => {
      const { schema, config } = route
      if (schema === undefined || schema.hide) return
      const { auth = 'none', flow = '' } = config ?? {}
      schema.security ??= securityByFlow[flow] ?? securityByLevel[auth]
      const codes = new Set([...codesOf(route, schema), ...everywhere])
      const statuses = new Set([...codes].map(code => catalogue[code]))
      const problems = [...statuses].map(status => [
        status,
        problemSchema([...codes].filter(code => catalogue[code] === status))
      ])
      schema.response = { ...(schema.response as object), ...Object.fromEntries(problems) }
    })
  },
  { name: 'problem-schemas', fastify: '5.x' }
)

function codesOf({ config, method }: RouteOptions, schema: FastifySchema): readonly ProblemCode[] {
  const { auth = 'none', flow, roles, problems = [] } = config ?? {}
  const isGuarded = auth !== 'bearer' && [method].flat().some(isUnsafe)
  const isCapability = flow === 'password_reset' || flow === 'set_password'
  return [
    ...(schema.body === undefined ? [] : withBody),
    ...(schema.querystring === undefined ? [] : (['validation_error'] as const)),
    ...byLevel[auth],
    ...(isCapability ? (['not_authenticated', 'capability_invalid'] as const) : []),
    ...(flow !== undefined && !isCapability ? (['link_invalid'] as const) : []),
    ...(roles === undefined ? [] : (['permission_denied'] as const)),
    ...(isGuarded ? (['cross_site_request'] as const) : []),
    ...problems
  ]
}

const texts = loadTexts('en')

const schemas = new Map<string, object>()

/** One object for each set of codes, so that routes with the same errors share what is compiled. */
function problemSchema(codes: readonly ProblemCode[]): object {
  const key = codes.join(' ')
  const schema = schemas.get(key) ?? createProblemSchema(codes)
  schemas.set(key, schema)
  return schema
}

function createProblemSchema(codes: readonly ProblemCode[]) {
  const params = { seconds: 30, method: 'PUT', max: 256 }
  const examples = codes.map(code => ({ detail: texts('errors', code, params), code }))
  const description = examples.map(({ code, detail }) => `\`${code}\`: ${detail}`).join('\n\n')
  return Type.Object(
    {
      detail: Type.String({
        description: 'A sentence for people. Its language follows the account or `Accept-Language`.'
      }),
      code: Type.String({ description: 'A stable name for programs.' }),
      errors: Type.Optional(
        Type.Record(Type.String(), Type.Array(Type.String()), {
          description: 'Sentences about what is wrong, by field of the request.'
        })
      )
    },
    { description, examples }
  )
}
