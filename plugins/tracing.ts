import fp from 'fastify-plugin'
import type { RequestSpan, Tracing } from '../src/base/tracing.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** The span of the request; null where nothing is traced. */
    span: RequestSpan | null
  }
}

/** Traces each request but those for health and metrics. Without a tracing no hook runs. */
export default fp<{ tracing: Tracing | null }>(
  async (fastify, { tracing }) => {
    if (tracing === null) return

    fastify.decorateRequest('span', null)
    fastify.addHook('onRequest', (request, _reply, done) => {
      const { method, headers, is404, routeOptions } = request
      if (routeOptions.config.servesUnprepared === true) return done()
      const route = is404 ? 'unknown' : (routeOptions.url ?? 'unknown')
      request.span = tracing.startRequest({ method, route }, headers)
      request.span.run(done)
    })
    // A body arrives in events of the connection, and the end of an answer is one as well.
    fastify.addHook('preValidation', (request, _reply, done) => {
      if (request.span === null) done()
      else request.span.run(done)
    })
    fastify.addHook('onResponse', (request, reply, done) => {
      if (request.span === null) return done()
      request.span.end(reply.statusCode)
      request.span.run(done)
    })
    fastify.addHook('onClose', () => tracing.close())
  },
  { name: 'tracing', fastify: '5.x' }
)
