import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../src/base/config/load.js'
import { Problem } from '../src/base/errors/problem.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Refuses other sites also without a cookie: a form could sign a person in as the attacker. */
    refusesForeign?: true
  }
}

/**
 * Refuses a request that another site makes a browser send to a route that a cookie authenticates.
 * A request without `Origin` and `Sec-Fetch-Site` passes: it comes from a program. A request
 * without a cookie passes too: the browser adds no proof to it.
 */
export default fp(
  async fastify => {
    const isOurs = ownOrigins(fastify.deps.config)
    fastify.addHook('onRoute', route => {
      const { auth: level, refusesForeign = false } = route.config ?? {}
      const usesCookie = level === 'refresh' || level === 'session' || level === 'flow'
      if (!usesCookie && !refusesForeign) return
      const check = async (request: FastifyRequest) => {
        const hasCookie = request.headers.cookie !== undefined
        if ((refusesForeign || hasCookie) && isForeign(request, isOurs))
          throw new Problem('cross_site_request')
      }
      // Runs before the access token is checked, so a refused request needs no database.
      route.onRequest = [check, route.onRequest ?? []].flat()
    })
  },
  { name: 'origin-check', fastify: '5.x', dependencies: ['deps', 'auth'] }
)

function isForeign(request: FastifyRequest, isOurs: (origin: string) => boolean): boolean {
  const { origin } = request.headers
  const site = request.headers['sec-fetch-site']
  // Our pages send no referrer, so browsers send `Origin: null` with their forms (Fetch, "append a
  // request `Origin` header"). `Sec-Fetch-Site` still tells, and no page can set it.
  const isWithheld = origin === 'null' && site === 'same-origin'
  if (origin !== undefined && !isWithheld) return !isOurs(origin)
  return site !== undefined && site !== 'same-origin' && site !== 'none'
}

/** Allows `PUBLIC_URL`, `CORS_ORIGINS` and, outside production, every loopback name with our port. */
function ownOrigins(config: Config): (origin: string) => boolean {
  const own = new URL(config.PUBLIC_URL)
  const listed = new Set([own.origin, ...config.CORS_ORIGINS])
  const loopback = /^https?:\/\/(localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::(\d+))?$/
  return origin => {
    if (listed.has(origin)) return true
    const match = config.production ? null : loopback.exec(origin)
    return match !== null && (match[2] ?? '') === own.port
  }
}
