import cookie, { type CookieSerializeOptions } from '@fastify/cookie'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'

/** The attributes of a cookie. `sameSite` is the word of a setting. */
type CookieOptions = Omit<CookieSerializeOptions, 'sameSite'> & {
  readonly sameSite?: keyof typeof sameSite
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The value of a cookie; null without one, and when two values of the same name differ. */
    readCookie(name: string): string | null
  }
  interface FastifyReply {
    /**
     * Defaults: path `/`, HttpOnly, and `Secure` and `SameSite` as an app of the refresh cookie needs them.
     * `maxAge` is in seconds.
     */
    writeCookie(name: string, value: string, options: CookieOptions): FastifyReply
    /** Removes a cookie. `options` must be those it was written with. */
    dropCookie(name: string, options?: CookieOptions): FastifyReply
  }
}

/** Cookies by their plain names. With `COOKIE_HOST_PREFIX` only names with `__Host-` are read. */
export default fp(
  async fastify => {
    const { config } = fastify.deps
    await fastify.register(cookie)
    const nameOf = (name: string) => (config.COOKIE_HOST_PREFIX ? `__Host-${name}` : name)
    const usual = {
      path: '/',
      httpOnly: true,
      secure: config.JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_SECURE,
      sameSite: config.sameSite
    }

    fastify.decorateRequest('readCookie', function (this: FastifyRequest, name: string) {
      const wanted = nameOf(name)
      // A request that an earlier hook refuses has no cookies, and its error still has a language.
      const cookies: typeof this.cookies | null = this.cookies
      return hasTwins(this.headers.cookie ?? '', wanted) ? null : (cookies?.[wanted] ?? null)
    })
    fastify.decorateReply('writeCookie', function (this: FastifyReply, name, value, options) {
      // In a navigation the browser would file the cookie under this site, where no app finds it.
      const isNavigation = this.request.headers['sec-fetch-mode'] === 'navigate'
      const partitioned = config.COOKIE_PARTITIONED && !isNavigation
      const attributes = { ...usual, ...options }
      return this.setCookie(nameOf(name), value, {
        ...attributes,
        sameSite: sameSite[attributes.sameSite],
        partitioned
      })
    })
    fastify.decorateReply('dropCookie', function (this: FastifyReply, name, options) {
      return this.writeCookie(name, '', { ...options, maxAge: 0, expires: new Date(0) })
    })
  },
  { name: 'cookies', fastify: '5.x', dependencies: ['deps'] }
)

/** Values of a setting as the header writes them. */
const sameSite = { Strict: 'strict', Lax: 'lax', None: 'none' } as const

/** Whether values differ. A sibling domain can set a second cookie: then neither counts (CAP-08). */
function hasTwins(header: string, name: string): boolean {
  const values = header
    .split(';')
    .map(pair => pair.split('='))
    .filter(([key]) => key?.trim() === name)
    .map(([, ...value]) => value.join('=').trim())
  return new Set(values).size > 1
}
