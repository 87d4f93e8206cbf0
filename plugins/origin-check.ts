import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../src/base/config/load.js'
import { Problem } from '../src/base/errors/problem.js'
import { isUnsafe } from './http/methods.js'

/**
 * Refuses requests that another site makes a browser send: those that carry a cookie as their proof, and those
 * that could leave one, because a form could sign a person in as the attacker. So every unsafe method is
 * guarded, except where only an access token counts, which no browser adds by itself. A request without `Origin` and `Sec-Fetch-Site` passes: it comes from a program.
 */
export default fp(
  async fastify => {
    const isOurs = ownOrigins(fastify.deps.config)
    fastify.addHook('onRoute', route => {
      const { auth: level } = route.config ?? {}
      if (level === 'bearer') return
      const usesCookie = level === 'refresh' || level === 'session' || level === 'flow'
      const check: onRequestHookHandler = (request, _reply, done) => {
        const carriesProof = usesCookie && request.headers.cookie !== undefined
        const isGuarded = carriesProof || isUnsafe(request.method)
        done(
          isGuarded && isForeign(request, isOurs) ? new Problem('cross_site_request') : undefined
        )
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
