import fp from 'fastify-plugin'

/** Logs one line per request, with the route and not the URL: a URL may contain a token (LNK-13). An answer 5xx is an error. */
export default fp(
  async fastify => {
    fastify.addHook('onRequest', (request, reply, done) => {
      reply.header('x-request-id', request.id)
      done()
    })
    fastify.addHook('onResponse', (request, reply, done) => {
      const { method, routeOptions } = request
      const ms = Math.round(reply.elapsedTime * 10) / 10
      const level = reply.statusCode >= 500 ? 'error' : 'info'
      request.log[level](
        { method, route: routeOptions.url, status: reply.statusCode, ms },
        'request'
      )
      done()
    })
  },
  { name: 'request-log', fastify: '5.x' }
)
