import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { RefreshToken, Session } from '../src/sessions/session.js'
import type { SignIn } from '../src/sign-in/complete.js'
import { seconds } from '../src/tokens/claims.js'
import { knownDeviceCookie, knownDeviceSeconds } from '../src/tokens/known-device.js'
import { refreshCookie } from '../src/tokens/session-tokens.js'

/** What of a {@link SignIn} an answer shows. */
export type SignInAnswer =
  | { access: string; refresh?: string }
  | { mfa_required: true; challenge_id: string }
  | { mfa_setup_required: true; setup_challenge_id: string }

declare module 'fastify' {
  interface FastifyRequest {
    /**
     * The refresh token of a request and the way it came; null where none came. `token` is null for a
     * text that is none of our tokens. Of two the transport that was asked for counts, or the
     * installation's default.
     */
    readRefreshToken(): { transport: RefreshToken['transport']; token: RefreshToken | null } | null
  }
  interface FastifyReply {
    /**
     * Signs the tokens of a session. The refresh token leaves by cookie or is in the result; with
     * `refresh: false` there is none, because the client's goes on.
     */
    issueTokens(
      session: Session,
      options?: { refresh: boolean }
    ): {
      access: string
      refresh?: string
    }
    /** Answers a proof: with tokens, or with what is still asked for. Marks the device as known once it is signed in. */
    answerSignIn(signIn: SignIn): SignInAnswer
    clearRefreshCookie(): FastifyReply
  }
}

/** The refresh token in and out, and the answer to a sign-in. */
export default fp(
  async fastify => {
    const { tokens } = fastify
    const { config, clock } = fastify.deps
    const attributes = {
      path: config.JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_PATH,
      httpOnly: config.JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_HTTP_ONLY,
      sameSite: sameSite[config.JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_SAME_SITE]
    }

    fastify.decorateRequest('readRefreshToken', function (this: FastifyRequest) {
      const { refresh = null } = (this.body ?? {}) as { refresh?: string | null }
      const sent = { cookie: this.readCookie(refreshCookie), body: refresh }
      const wanted = this.sender.transport
      const mayFallBack = this.headers['x-refresh-transport'] === undefined && sent[wanted] === null
      const other = wanted === 'cookie' ? 'body' : 'cookie'
      const transport = mayFallBack ? other : wanted
      const text = sent[transport]
      return text === null ? null : { transport, token: tokens.readRefresh(text, transport) }
    })
    fastify.decorateReply(
      'issueTokens',
      function (this: FastifyReply, session, { refresh: wantsRefresh } = { refresh: true }) {
        const { access, refresh } = tokens.issue(session)
        if (!wantsRefresh) return { access }
        if (session.transport === 'body') return { access, refresh }
        const left = seconds(session.expiresAt) - seconds(clock())
        const maxAge = Math.min(config.JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_MAX_AGE ?? left, left)
        this.writeCookie(refreshCookie, refresh, { ...attributes, maxAge })
        return { access }
      }
    )
    fastify.decorateReply('answerSignIn', function (this: FastifyReply, signIn) {
      if (signIn.kind !== 'session') {
        const { kind, challenge } = signIn
        return kind === 'mfa_required'
          ? { mfa_required: true, challenge_id: challenge.token }
          : { mfa_setup_required: true, setup_challenge_id: challenge.token }
      }
      const { session } = signIn
      const devices = this.request.readCookie(knownDeviceCookie)
      const device = tokens.knownDevices.remember(devices, session.user.email)
      this.writeCookie(knownDeviceCookie, device, { maxAge: knownDeviceSeconds })
      return this.issueTokens(session)
    })
    fastify.decorateReply('clearRefreshCookie', function () {
      return this.dropCookie(refreshCookie, attributes)
    })
  },
  { name: 'sign-in', fastify: '5.x', dependencies: ['deps', 'jwt', 'cookies', 'sender'] }
)

const sameSite = { Strict: 'strict', Lax: 'lax', None: 'none' } as const
