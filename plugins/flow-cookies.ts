import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { countSignIn, type SignIn } from '../src/sign-in/complete.js'
import type { FlowKind } from '../src/tokens/flow-cookie.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Id of the row that the cookie names; undefined without a cookie, null when it is not valid. */
    readFlow(kind: FlowKind): string | null | undefined
  }
  interface FastifyReply {
    /** Writes a cookie that names a row. It ends at `until`, or at the limit of its kind if sooner. */
    startFlow(kind: FlowKind, rowId: string, until?: Date): FastifyReply
    endFlow(kind: FlowKind): FastifyReply
    /** Redirects to the page of the second factor; null when the sign-in needs none. */
    redirectToMfa(signIn: SignIn | null, status?: 302 | 303): FastifyReply | null
  }
}

type Attributes = Parameters<FastifyReply['writeCookie']>[2]

/**
 * Cookies that connect the steps of a flow in a browser: an opened link, or a sign-in that waits
 * for its second factor. With them no URL of a page contains a token (LNK-12).
 */
export default fp(
  async fastify => {
    const { tokens } = fastify
    const { config, metrics } = fastify.deps
    const cookies: Readonly<Record<FlowKind, readonly [string, Attributes]>> = {
      password_reset: [
        'password_reset_access_token',
        {
          httpOnly: config.PASSWORD_RESET_COOKIE_HTTP_ONLY,
          secure: config.PASSWORD_RESET_COOKIE_SECURE,
          sameSite: config.PASSWORD_RESET_COOKIE_SAME_SITE
        }
      ],
      set_password: [
        'set_password_access_token',
        {
          httpOnly: config.PASSWORD_SET_COOKIE_HTTP_ONLY,
          secure: config.PASSWORD_SET_COOKIE_SECURE,
          sameSite: config.PASSWORD_SET_COOKIE_SAME_SITE
        }
      ],
      email_verification: ['email_verification_token', {}],
      email_change: ['email_change_token', {}],
      email_change_undo: ['email_change_undo_token', {}],
      account_deletion_undo: ['account_deletion_undo_token', {}],
      mfa: ['mfa_challenge', {}],
      recovery_codes: ['recovery_codes', {}]
    }

    fastify.decorateRequest('readFlow', function (this: FastifyRequest, kind: FlowKind) {
      const cookie = this.readCookie(cookies[kind][0])
      return cookie === null ? undefined : tokens.flows[kind].read(cookie)
    })
    fastify.decorateReply(
      'startFlow',
      function (this: FastifyReply, kind: FlowKind, rowId: string, until?: Date) {
        const [name, attributes] = cookies[kind]
        const { token, maxAge } = tokens.flows[kind].issue(rowId, until)
        return this.writeCookie(name, token, { ...attributes, maxAge })
      }
    )
    fastify.decorateReply('endFlow', function (this: FastifyReply, kind: FlowKind) {
      return this.dropCookie(...cookies[kind])
    })
    fastify.decorateReply(
      'redirectToMfa',
      function (this: FastifyReply, signIn: SignIn | null, status = 303) {
        if (signIn === null || signIn.kind === 'session') return null
        countSignIn(metrics, signIn)
        const page = signIn.kind === 'mfa_required' ? '/mfa/challenge/page/' : '/mfa/setup/'
        return this.startFlow('mfa', signIn.challenge.id).redirect(
          `${config.BASE_PATH}${page}`,
          status
        )
      }
    )
  },
  { name: 'flow-cookies', fastify: '5.x', dependencies: ['deps', 'cookies', 'jwt'] }
)
