import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../src/config/load.js'
import { Problem } from '../src/errors/problem.js'

/**
 * Refuses what another site made a browser send to a route that a cookie authenticates (design
 * rule 8). Requests with neither header come from no browser and pass, as do requests without a
 * cookie: nothing ambient speaks for them.
 */
export default fp(
  async fastify => {
    const isOurs = ownOrigins(fastify.deps.config)
    fastify.addHook('onRoute', route => {
      const level = route.config?.auth
      if (level !== 'refresh' && level !== 'session' && level !== 'capability') return
      const check = async (request: FastifyRequest) => {
        if (request.headers.cookie !== undefined && isForeign(request, isOurs)) {
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
  if (origin !== undefined) return !isOurs(origin)
  const site = request.headers['sec-fetch-site']
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
