import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { allowedReturn } from '../src/base/return-url.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Where a person goes from a page that ends something; null without an app and without an account page. */
    readonly onward: string | null
  }
  interface FastifyReply {
    /** Remembers the `return_to` of the query for an hour, if it is allowed. */
    keepReturn(): FastifyReply
    /** Redirects to the remembered address, to `otherwise`, or to the app; null when there is none of them. */
    redirectOnward(otherwise?: string | null): FastifyReply | null
  }
}

const name = 'return_to'
const hour = 3600

/**
 * Where a person came from (`return_to`). A cookie keeps it through the second factor and through a mail
 * that is opened in the same browser. It is checked again whenever it is used.
 */
export default fp(
  async fastify => {
    const { config } = fastify.deps
    const { APP_URL, BASE_PATH, HOSTED_PAGES, PUBLIC_URL } = config
    const account = HOSTED_PAGES ? `${BASE_PATH}/account/` : null

    /** The allowed address of the query or the cookie. Our own pages by their path: the browser may know this machine by another name. */
    function keptOf(request: FastifyRequest): string | null {
      const { return_to: asked } = request.query as Record<string, unknown>
      const kept = allowedReturn(config, asked) ?? allowedReturn(config, request.readCookie(name))
      if (kept === null) return null
      const url = new URL(kept)
      return url.origin === PUBLIC_URL ? `${url.pathname}${url.search}` : kept
    }

    fastify.decorateRequest('onward', {
      getter(this: FastifyRequest) {
        return keptOf(this) ?? APP_URL ?? account
      }
    })
    fastify.decorateReply('keepReturn', function (this: FastifyReply) {
      const { return_to: asked } = this.request.query as Record<string, unknown>
      const allowed = allowedReturn(config, asked)
      return allowed === null ? this : this.writeCookie(name, allowed, { maxAge: hour })
    })
    fastify.decorateReply('redirectOnward', function (this: FastifyReply, otherwise = null) {
      const target = keptOf(this.request) ?? otherwise ?? APP_URL ?? account
      if (target === null) return null
      if (this.request.readCookie(name) !== null) this.dropCookie(name)
      return this.redirect(target, 303)
    })
  },
  { name: 'return-to', fastify: '5.x', dependencies: ['deps', 'cookies'] }
)
