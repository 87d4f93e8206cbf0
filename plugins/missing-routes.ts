import type { HTTPMethods } from 'fastify'
import fp from 'fastify-plugin'
import { Problem } from '../src/errors/problem.js'

const methods: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** Unknown paths answer 404, known paths under another method 405 with `Allow`; both are limited (BRF-14). */
export default fp(
  async fastify => {
    const known = new Map<string, Set<string>>()
    fastify.addHook('onRoute', ({ url, method, schema }) => {
      if (schema?.hide) return
      const path = url.replace(/(.)\/$/, '$1')
      known.set(path, new Set([...(known.get(path) ?? []), ...[method].flat()]))
    })

    fastify.decorate('answerOtherMethods', () => {
      for (const [url, allowed] of known) {
        const others = methods.filter(method => !allowed.has(method))
        const allow = [...allowed].join(', ')
        fastify.route({
          method: others,
          url,
          config: { auth: 'none' },
          schema: { hide: true },
          // After the limiter, which counts these requests too, and before any body is read.
          preParsing: async (request, reply) => {
            reply.header('allow', allow)
            throw new Problem('method_not_allowed', { params: { method: request.method } })
          },
          handler: () => {}
        })
      }
    })
    fastify.setNotFoundHandler({ preHandler: fastify.rateLimit() }, () => {
      throw new Problem('not_found')
    })
  },
  { name: 'missing-routes', fastify: '5.x', dependencies: ['rate-limit', 'auth'] }
)

declare module 'fastify' {
  interface FastifyInstance {
    /** To be called once, after the last route. */
    answerOtherMethods(): void
  }
}
