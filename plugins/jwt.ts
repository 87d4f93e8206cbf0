import fastifyJwt from '@fastify/jwt'
import fp from 'fastify-plugin'
import { deriveKeyChain, type KeyChain, type KeyPurpose } from '../src/base/crypto/derive.js'
import {
  createFlowCookie,
  type FlowCookie,
  type FlowKind,
  flowKinds
} from '../src/tokens/flow-cookie.js'
import { type Jws, pinHeader } from '../src/tokens/jws.js'
import { createKnownDevices, type KnownDevices } from '../src/tokens/known-device.js'
import { createSessionTokens, type SessionTokens } from '../src/tokens/session-tokens.js'

declare module 'fastify' {
  interface FastifyInstance {
    readonly tokens: SessionTokens & {
      readonly knownDevices: KnownDevices
      readonly flows: Readonly<Record<FlowKind, FlowCookie>>
    }
  }
}

/** Signs and reads tokens. Access tokens have their own rotating keys (src/tokens/keys). */
export default fp(
  async fastify => {
    const { config, clock, keys } = fastify.deps
    const secrets = [config.SECRET_KEY, ...config.SECRET_KEY_FALLBACKS] as const
    const longestSeconds: Readonly<Record<FlowKind, number>> = {
      password_reset: config.PASSWORD_RESET_COOKIE_MAX_AGE,
      set_password: config.PASSWORD_SET_COOKIE_MAX_AGE,
      email_verification: 3600,
      email_change: 3600,
      email_change_undo: 3600,
      account_deletion_undo: 3600,
      mfa: 900,
      recovery_codes: 600
    }

    /** Adds a kind of token that only this service reads: HMAC with its own key (RFC 8725 §3.12). */
    async function register(namespace: KeyPurpose, typ: string): Promise<Jws> {
      const chain = deriveKeyChain([...secrets], namespace)
      await fastify.register(fastifyJwt, {
        namespace,
        secret: chain.current,
        sign: { algorithm: 'HS256', header: { alg: 'HS256', typ } },
        verify: {
          algorithms: ['HS256'],
          cache: false,
          ignoreExpiration: true,
          ignoreNotBefore: true
        }
      })
      return withEarlierKeys(
        (fastify.jwt as unknown as Record<string, Verifying>)[namespace] as Verifying,
        chain
      )
    }

    const flows: Partial<Record<FlowKind, FlowCookie>> = {}
    for (const kind of flowKinds) {
      const jws = await register(`flow-${kind}`, 'flow+jwt')
      const longest = longestSeconds[kind]
      flows[kind] = createFlowCookie({ config, clock, jws, kind, longestSeconds: longest })
    }
    const refresh = await register('refresh-token', 'rt+jwt')
    const knownDevice = await register('known-device', 'kd+jwt')
    fastify.decorate('tokens', {
      ...createSessionTokens({ config, clock, keys, refresh }),
      knownDevices: createKnownDevices({ config, clock, jws: knownDevice }),
      flows: flows as Record<FlowKind, FlowCookie>
    })
  },
  { name: 'jwt', fastify: '5.x', dependencies: ['deps'] }
)

type Verifying = {
  sign(claims: object): string
  verify(token: string, options?: { key: Buffer }): unknown
}

/** Signs with the current key, and verifies with it and with the keys of `SECRET_KEY_FALLBACKS`. */
function withEarlierKeys(jwt: Verifying, { earlier }: KeyChain): Jws {
  return pinHeader(
    claims => jwt.sign(claims),
    token => {
      for (const options of [undefined, ...earlier.map(key => ({ key }))]) {
        try {
          return jwt.verify(token, options)
        } catch {
          // Another key may verify it.
        }
      }
      return null
    }
  )
}
