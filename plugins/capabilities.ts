import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { Problem } from '../src/base/errors/problem.js'
import type { Capability, CapabilityKind } from '../src/tokens/flow-cookie.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** What the capability cookie allows; null for none, an expired or a foreign one. */
    readCapability(kind: CapabilityKind): Capability | null
    /** The same. @throws {Problem} `not_authenticated`, `capability_invalid`. */
    demandCapability(kind: CapabilityKind): Capability
  }
  interface FastifyReply {
    putCapability(kind: CapabilityKind, capability: Capability, linkExpiresAt: Date): FastifyReply
    clearCapability(kind: CapabilityKind): FastifyReply
  }
}

/** The cookies that a mailed link leaves in the browser that opened it (contract 0.4). */
export default fp(
  async fastify => {
    const { capabilities } = fastify
    const { config } = fastify.deps
    const cookies = {
      passwordReset: {
        name: 'password_reset_access_token',
        attributes: {
          path: '/',
          httpOnly: config.PASSWORD_RESET_COOKIE_HTTP_ONLY,
          secure: config.PASSWORD_RESET_COOKIE_SECURE,
          sameSite: config.PASSWORD_RESET_COOKIE_SAME_SITE === 'Strict' ? 'strict' : 'lax'
        }
      },
      setPassword: {
        name: 'set_password_access_token',
        attributes: {
          path: '/',
          httpOnly: config.PASSWORD_SET_COOKIE_HTTP_ONLY,
          secure: config.PASSWORD_SET_COOKIE_SECURE,
          sameSite: config.PASSWORD_SET_COOKIE_SAME_SITE === 'Strict' ? 'strict' : 'lax'
        }
      }
    } as const

    fastify.decorateRequest(
      'readCapability',
      function (this: FastifyRequest, kind: CapabilityKind) {
        return capabilities[kind].read(this.readCookie(cookies[kind].name))
      }
    )
    fastify.decorateRequest(
      'demandCapability',
      function (this: FastifyRequest, kind: CapabilityKind) {
        if (this.readCookie(cookies[kind].name) === null) throw new Problem('not_authenticated')
        const capability = this.readCapability(kind)
        if (capability === null) throw new Problem('capability_invalid', { final: true })
        return capability
      }
    )
    fastify.decorateReply(
      'putCapability',
      function (
        this: FastifyReply,
        kind: CapabilityKind,
        capability: Capability,
        linkExpiresAt: Date
      ) {
        const { name, attributes } = cookies[kind]
        const { token, maxAge } = capabilities[kind].issue(capability, linkExpiresAt)
        return this.putCookie(name, token, { ...attributes, maxAge })
      }
    )
    fastify.decorateReply('clearCapability', function (this: FastifyReply, kind: CapabilityKind) {
      const { name, attributes } = cookies[kind]
      return this.putCookie(name, '', { ...attributes, maxAge: 0, expires: new Date(0) })
    })
  },
  { name: 'capabilities', fastify: '5.x', dependencies: ['deps', 'cookies', 'jwt'] }
)
