import fp from 'fastify-plugin'

/** Measures requests. Without `METRICS_PORT` and `METRICS_TOKEN` nobody can read that, and no hook runs. */
export default fp(
  async fastify => {
    const { config, metrics } = fastify.deps
    if (config.METRICS_PORT === null && config.METRICS_TOKEN === null) return

    fastify.addHook('onResponse', (request, reply, done) => {
      const { method, routeOptions, is404 } = request
      const route = is404 ? 'unknown' : (routeOptions.url ?? 'unknown')
      const status = reply.statusCode
      metrics.requests.observe({ method, route, status }, reply.elapsedTime / 1000)
      if (status === 429) {
        const kind = request.isLimited ? 'requests' : routeOptions.config.limit || 'other'
        metrics.refused.inc({ kind })
      }
      done()
    })
  },
  { name: 'request-metrics', fastify: '5.x', dependencies: ['deps', 'rate-limit'] }
)
