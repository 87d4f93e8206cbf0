import fastifyJwt from '@fastify/jwt'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { deriveKeyChain, type KeyChain, type KeyPurpose } from '../src/base/crypto/derive.js'
import type { Transport } from '../src/sender.js'
import type { Session } from '../src/sessions/session.js'
import type { SignIn } from '../src/sign-in/complete.js'
import { seconds } from '../src/tokens/claims.js'
import { type Capabilities, createCapabilities } from '../src/tokens/flow-cookie.js'
import { type Jws, pinHeader } from '../src/tokens/jws.js'
import {
  createKnownDevices,
  type KnownDevices,
  knownDeviceCookie,
  knownDeviceSeconds
} from '../src/tokens/known-device.js'
import {
  createSessionTokens,
  type PresentedRefresh,
  refreshCookie,
  type Tokens
} from '../src/tokens/session-tokens.js'

/** What of a {@link SignIn} an answer shows. */
export type SignInAnswer =
  | { access: string; refresh?: string }
  | { mfa_required: true; challenge_id: string }
  | { mfa_setup_required: true; setup_challenge_id: string }

declare module 'fastify' {
  interface FastifyInstance {
    readonly tokens: Tokens & { readonly knownDevices: KnownDevices }
    readonly capabilities: Capabilities
  }
  interface FastifyRequest {
    /**
     * The refresh token of a request and the way it came; null where none came. Of two the
     * transport asked for counts, or the installation's default.
     */
    presentedRefresh(
      inBody: string | undefined
    ): { transport: Transport; token: PresentedRefresh | null } | null
  }
  interface FastifyReply {
    /** Signs the tokens of a session; the refresh token leaves by cookie or is in the result. */
    giveTokens(grant: Session): { access: string; refresh?: string }
    /** A new access token of a session whose refresh token goes on. */
    giveAccess(grant: Session): { access: string }
    /** The answer to a proof: tokens, or what is still asked for. Marks the device as known once it is signed in. */
    giveSignIn(signIn: SignIn): SignInAnswer
  }
}

/** The tokens of an installation. Access tokens have rotating keys of their own (src/keys). */
export default fp(
  async fastify => {
    const { config, clock, keys } = fastify.deps
    const secrets = [config.SECRET_KEY, ...config.SECRET_KEY_FALLBACKS] as const

    /** A kind of token that only we read: HMAC under a key of its own (RFC 8725 §3.12). */
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

    const refresh = await register('refresh-token', 'rt+jwt')
    const knownDevice = await register('known-device', 'kd+jwt')
    const passwordReset = await register('password-reset-capability', 'pr+jwt')
    const setPassword = await register('set-password-capability', 'sp+jwt')
    fastify.decorate(
      'capabilities',
      createCapabilities({ config, clock, passwordReset, setPassword })
    )
    const tokens = {
      ...createSessionTokens({ config, clock, keys, refresh }),
      knownDevices: createKnownDevices({ config, clock, jws: knownDevice })
    }
    fastify.decorate('tokens', tokens)

    fastify.decorateRequest(
      'presentedRefresh',
      function (this: FastifyRequest, inBody: string | undefined) {
        const sent = { cookie: this.readCookie(refreshCookie), body: inBody ?? null }
        const wanted = this.sender.transport
        const other = wanted === 'cookie' ? 'body' : 'cookie'
        const mayFallBack =
          this.headers['x-refresh-transport'] === undefined && sent[wanted] === null
        const transport = mayFallBack ? other : wanted
        const text = sent[transport]
        return text === null ? null : { transport, token: tokens.readRefresh(text) }
      }
    )
    fastify.decorateReply('giveSignIn', function (this: FastifyReply, signIn) {
      if (signIn.kind === 'mfa_required')
        return { mfa_required: true, challenge_id: signIn.challengeId }
      if (signIn.kind === 'mfa_setup_required')
        return { mfa_setup_required: true, setup_challenge_id: signIn.setupChallengeId }
      const devices = this.request.readCookie(knownDeviceCookie)
      this.putCookie(
        knownDeviceCookie,
        tokens.knownDevices.remember(devices, signIn.grant.user.email),
        { maxAge: knownDeviceSeconds }
      )
      return this.giveTokens(signIn.grant)
    })
    fastify.decorateReply('giveAccess', function (this: FastifyReply, grant) {
      return { access: tokens.issue(grant).access }
    })
    fastify.decorateReply('giveTokens', function (this: FastifyReply, grant) {
      const { access, refresh } = tokens.issue(grant)
      if (grant.transport === 'body') return { access, refresh }
      this.putRefreshCookie(refresh, seconds(grant.expiresAt) - seconds(clock()))
      return { access }
    })
  },
  { name: 'jwt', fastify: '5.x', dependencies: ['deps', 'cookies'] }
)

type Verifying = {
  sign(claims: object): string
  verify(token: string, options?: { key: Buffer }): unknown
}

/** Signs under the current key; what an earlier `SECRET_KEY` signed still verifies. */
function withEarlierKeys(jwt: Verifying, { earlier }: KeyChain): Jws {
  return pinHeader(
    claims => jwt.sign(claims),
    token => {
      for (const options of [undefined, ...earlier.map(key => ({ key }))]) {
        try {
          return jwt.verify(token, options)
        } catch {
          // Not under this key.
        }
      }
      return null
    }
  )
}
