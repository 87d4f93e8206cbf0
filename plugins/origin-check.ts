import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../src/base/config/load.js'
import { Problem } from '../src/base/errors/problem.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Refuses other sites even where no cookie came: a form that signs in could sign a stranger in. */
    refusesForeign?: true
  }
}

/**
 * Refuses what another site made a browser send to a route that a cookie authenticates (design
 * rule 8). Requests with neither header come from no browser and pass, as do requests without a
 * cookie: nothing ambient speaks for them.
 */
export default fp(
  async fastify => {
    const isOurs = ownOrigins(fastify.deps.config)
    fastify.addHook('onRoute', route => {
      const { auth: level, refusesForeign = false } = route.config ?? {}
      const isAmbient = level === 'refresh' || level === 'session' || level === 'flow'
      if (!isAmbient && !refusesForeign) return
      const check = async (request: FastifyRequest) => {
        const speaks = refusesForeign || request.headers.cookie !== undefined
        if (speaks && isForeign(request, isOurs)) {
          throw new Problem('cross_site_request')
        }
      }
      // Before the bearer is looked at: a refused request costs nothing.
      route.onRequest = [check, route.onRequest ?? []].flat()
    })
  },
  { name: 'origin-check', fastify: '5.x', dependencies: ['deps', 'auth'] }
)

function isForeign(request: FastifyRequest, isOurs: (origin: string) => boolean): boolean {
  const { origin } = request.headers
  const site = request.headers['sec-fetch-site']
  // Our pages send no referrer, and of such a page's forms browsers withhold the origin too (Fetch,
  // "append a request `Origin` header"). Whose they are is still said by what no page can set.
  const isWithheld = origin === 'null' && site === 'same-origin'
  if (origin !== undefined && !isWithheld) return !isOurs(origin)
  return site !== undefined && site !== 'same-origin' && site !== 'none'
}

/** `PUBLIC_URL`, the listed origins and, outside production, any loopback name of our port (contract A.3.3). */
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
