import type { FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import { Problem } from '../src/base/errors/problem.js'

/** Registers the routes. Answers unknown paths 404 and wrong methods 405, rate-limited (BRF-14). */
export default fp<{ routes: FastifyPluginAsync }>(
  async (fastify, { routes }) => {
    const known = new Map<string, { allowed: Set<string>; config: { page?: true } }>()
    fastify.addHook('onRoute', ({ url, method, schema, config }) => {
      if (schema?.hide) return
      const path = url.replace(/(.)\/$/, '$1')
      const before = known.get(path) ?? { allowed: [], config: {} }
      known.set(path, {
        allowed: new Set([...before.allowed, ...[method].flat()]),
        config: config?.page ? { page: true } : before.config
      })
    })

    fastify.setNotFoundHandler(() => {
      throw new Problem('not_found')
    })
    const limit = fastify.rateLimit()
    // An unreadable body would otherwise get its own answer without being counted by the rate limit.
    fastify.addHook('onRequest', async (request, reply) => {
      if (!request.is404) return
      await limit.call(fastify, request, reply)
      throw new Problem('not_found')
    })

    await fastify.register(routes)
    for (const [url, { allowed, config }] of known) {
      const others = fastify.supportedMethods.filter(method => !allowed.has(method))
      const allow = [...allowed].join(', ')
      fastify.route({
        method: others,
        url,
        config: { auth: 'none', ...config },
        schema: { hide: true },
        // Runs after the rate limit, which counts these requests, and before the body is read.
        preParsing: async (request, reply) => {
          reply.header('allow', allow)
          throw new Problem('method_not_allowed', { params: { method: request.method } })
        },
        handler: () => {}
      })
    }
  },
  { name: 'missing-routes', fastify: '5.x', dependencies: ['rate-limit', 'auth'] }
)
