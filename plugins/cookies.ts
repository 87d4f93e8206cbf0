import cookie, { type CookieSerializeOptions } from '@fastify/cookie'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { refreshCookie } from '../src/tokens/session-tokens.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** A cookie by its plain name; null also where two different ones came: neither counts. */
    readCookie(name: string): string | null
  }
  interface FastifyReply {
    /** `maxAge` in seconds. */
    putRefreshCookie(value: string, maxAge: number): FastifyReply
    clearRefreshCookie(): FastifyReply
    /** Whole host, HttpOnly, Lax, and secure where the refresh cookie is, unless `options` say otherwise. */
    putCookie(name: string, value: string, options: CookieSerializeOptions): FastifyReply
  }
}

/** Cookies under the contract's names, or with the `__Host-` prefix, whose plain twin is then ignored (D7). */
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
    const refreshAttributes = {
      path: config.JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_PATH,
      httpOnly: config.JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_HTTP_ONLY,
      secure: config.JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_SECURE,
      sameSite: sameSite[config.JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_SAME_SITE]
    }

    fastify.decorateRequest('readCookie', function (this: FastifyRequest, name: string) {
      const wanted = nameOf(name)
      return hasTwins(this.headers.cookie ?? '', wanted) ? null : (this.cookies[wanted] ?? null)
    })
    fastify.decorateReply('putCookie', function (name, value, options) {
      return this.setCookie(nameOf(name), value, { ...usual, ...options })
    })
    fastify.decorateReply('putRefreshCookie', function (value, maxAge) {
      const limit = config.JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_MAX_AGE ?? maxAge
      return this.putCookie(refreshCookie, value, {
        ...refreshAttributes,
        maxAge: Math.min(limit, maxAge)
      })
    })
    fastify.decorateReply('clearRefreshCookie', function () {
      return this.putCookie(refreshCookie, '', {
        ...refreshAttributes,
        maxAge: 0,
        expires: new Date(0)
      })
    })
  },
  { name: 'cookies', fastify: '5.x', dependencies: ['deps'] }
)

const sameSite = { Strict: 'strict', Lax: 'lax', None: 'none' } as const

/** A sibling domain can plant a second cookie of one name; which of two counts is not for chance to say (CAP-08). */
function hasTwins(header: string, name: string): boolean {
  const values = header
    .split(';')
    .map(pair => pair.split('='))
    .filter(([key]) => key?.trim() === name)
    .map(([, ...value]) => value.join('=').trim())
  return new Set(values).size > 1
}
