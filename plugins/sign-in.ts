import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { RefreshToken, Session } from '../src/sessions/session.js'
import { countSignIn, type SignIn } from '../src/sign-in/complete.js'
import { seconds } from '../src/tokens/claims.js'
import { knownDeviceCookie, knownDeviceSeconds } from '../src/tokens/known-device.js'
import { refreshCookie } from '../src/tokens/session-tokens.js'

/** A {@link SignIn} as an answer. */
export type SignInAnswer =
  | { access: string; expires_in: number; refresh?: string }
  | { mfa_required: true; challenge_id: string }
  | { mfa_setup_required: true; setup_challenge_id: string }

declare module 'fastify' {
  interface FastifyRequest {
    /**
     * The refresh token and its transport; null without one. `token` is null when the text is not
     * valid. With a token in both cookie and body, the requested transport decides, or else the
     * default one.
     */
    readRefreshToken(): {
      transport: RefreshToken['transport']
      text: string
      token: RefreshToken | null
    } | null
  }
  interface FastifyReply {
    /**
     * Signs the tokens of a session. The refresh token goes into the cookie or into the result.
     * With `refresh: false` there is no new one: the client keeps its own.
     */
    issueTokens(
      session: Session,
      options?: { readonly refresh?: boolean; readonly cookie?: boolean }
    ): {
      access: string
      expires_in: number
      refresh?: string
    }
    /** Answers with tokens and marks the device as known, or answers with a challenge. */
    answerSignIn(signIn: SignIn): SignInAnswer
    clearRefreshCookie(): FastifyReply
  }
}

/** Reads and writes refresh tokens, and answers a sign-in. */
export default fp(
  async fastify => {
    const { tokens } = fastify
    const { config, clock, metrics } = fastify.deps
    const attributes = {
      path: config.JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_PATH,
      httpOnly: config.JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_HTTP_ONLY,
      sameSite: config.JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_SAME_SITE
    }

    fastify.decorateRequest('readRefreshToken', function (this: FastifyRequest) {
      const { refresh = null } = (this.body ?? {}) as { refresh?: string | null }
      const sent = { cookie: this.readCookie(refreshCookie), body: refresh }
      const wanted = this.sender.transport
      const mayFallBack = this.headers['x-refresh-transport'] === undefined && sent[wanted] === null
      const other = wanted === 'cookie' ? 'body' : 'cookie'
      const transport = mayFallBack ? other : wanted
      const text = sent[transport]
      return text === null ? null : { transport, text, token: tokens.readRefresh(text, transport) }
    })
    fastify.decorateReply(
      'issueTokens',
      function (this: FastifyReply, session, { refresh: withRefresh = true, cookie = true } = {}) {
        const { access, expiresIn, refresh } = tokens.issue(session)
        const given = { access, expires_in: expiresIn }
        if (!withRefresh) return given
        if (session.transport === 'body') return { ...given, refresh }
        if (!cookie) return given
        const left = seconds(session.expiresAt) - seconds(clock())
        const maxAge = Math.min(config.JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_MAX_AGE ?? left, left)
        this.writeCookie(refreshCookie, refresh, { ...attributes, maxAge })
        return given
      }
    )
    fastify.decorateReply('answerSignIn', function (this: FastifyReply, signIn) {
      countSignIn(metrics, signIn)
      if (signIn.kind !== 'session') {
        const { kind, challenge } = signIn
        return kind === 'mfa_required'
          ? { mfa_required: true, challenge_id: challenge.token }
          : { mfa_setup_required: true, setup_challenge_id: challenge.token }
      }
      const { session } = signIn
      const devices = this.request.readCookie(knownDeviceCookie)
      const device = tokens.knownDevices.remember(devices, session.user)
      this.writeCookie(knownDeviceCookie, device, { maxAge: knownDeviceSeconds })
      return this.issueTokens(session)
    })
    fastify.decorateReply('clearRefreshCookie', function () {
      return this.dropCookie(refreshCookie, attributes)
    })
  },
  { name: 'sign-in', fastify: '5.x', dependencies: ['deps', 'jwt', 'cookies', 'sender'] }
)
