import cookie, { type CookieSerializeOptions } from '@fastify/cookie'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyRequest {
    /** A cookie by its plain name; null also where two different ones came: neither counts. */
    readCookie(name: string): string | null
  }
  interface FastifyReply {
    /**
     * Whole host, HttpOnly, Lax, and secure where the refresh cookie is, unless `options` say
     * otherwise. `maxAge` in seconds.
     */
    writeCookie(name: string, value: string, options: CookieSerializeOptions): FastifyReply
    /** Removes a cookie that was written with the same options. */
    dropCookie(name: string, options?: CookieSerializeOptions): FastifyReply
  }
}

/** Cookies under their documented names, or with the `__Host-` prefix, whose plain twin is then ignored. */
export default fp(
  async fastify => {
    const { config } = fastify.deps
    await fastify.register(cookie)
    const nameOf = (name: string) => (config.COOKIE_HOST_PREFIX ? `__Host-${name}` : name)
    const usual = {
      path: '/',
      httpOnly: true,
      secure: config.JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_SECURE,
      sameSite: 'lax'
    } as const

    fastify.decorateRequest('readCookie', function (this: FastifyRequest, name: string) {
      const wanted = nameOf(name)
      return hasTwins(this.headers.cookie ?? '', wanted) ? null : (this.cookies[wanted] ?? null)
    })
    fastify.decorateReply('writeCookie', function (this: FastifyReply, name, value, options) {
      return this.setCookie(nameOf(name), value, { ...usual, ...options })
    })
    fastify.decorateReply('dropCookie', function (this: FastifyReply, name, options) {
      return this.writeCookie(name, '', { ...options, maxAge: 0, expires: new Date(0) })
    })
  },
  { name: 'cookies', fastify: '5.x', dependencies: ['deps'] }
)

/** A sibling domain can plant a second cookie of one name; which of two counts is not for chance to say (CAP-08). */
function hasTwins(header: string, name: string): boolean {
  const values = header
    .split(';')
    .map(pair => pair.split('='))
    .filter(([key]) => key?.trim() === name)
    .map(([, ...value]) => value.join('=').trim())
  return new Set(values).size > 1
}
