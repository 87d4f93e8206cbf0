import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { SignIn } from '../src/sign-in/complete.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** What a browser that is on the pages of the second factor holds; the challenge itself decides. */
    readonly keptChallenge: string | null
  }
  interface FastifyReply {
    keepChallenge(token: string): FastifyReply
    forgetChallenge(): FastifyReply
    /** Sends a browser to the page for what is still asked for; null where nothing is. */
    leadToFactor(signIn: SignIn | null, status?: 302 | 303): FastifyReply | null
  }
}

const cookieName = 'mfa_challenge'
/** As long as a challenge can last at most; which one that is, its row says. */
const maxAge = 900

/**
 * The cookie that carries a challenge between the pages. It holds the challenge's own 256 random
 * bits, like the body of the API does: there is nothing about it to sign.
 */
export default fp(
  async fastify => {
    const { BASE_PATH: base } = fastify.deps.config

    fastify.decorateRequest('keptChallenge', {
      getter(this: FastifyRequest) {
        return this.readCookie(cookieName)
      }
    })
    fastify.decorateReply('keepChallenge', function (this: FastifyReply, token: string) {
      return this.putCookie(cookieName, token, { maxAge })
    })
    fastify.decorateReply('forgetChallenge', function (this: FastifyReply) {
      return this.putCookie(cookieName, '', { maxAge: 0, expires: new Date(0) })
    })
    fastify.decorateReply(
      'leadToFactor',
      function (this: FastifyReply, signIn: SignIn | null, status = 303) {
        if (signIn?.kind === 'mfa_required') {
          this.keepChallenge(signIn.challengeId)
          return this.redirect(`${base}/mfa/challenge/page/`, status)
        }
        if (signIn?.kind === 'mfa_setup_required') {
          this.keepChallenge(signIn.setupChallengeId)
          return this.redirect(`${base}/mfa/setup/`, status)
        }
        return null
      }
    )
  },
  { name: 'challenge-cookie', fastify: '5.x', dependencies: ['deps', 'cookies', 'jwt'] }
)
