import { timingSafeEqual } from 'node:crypto'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Problem } from '../src/base/errors/problem.js'

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { METRICS_TOKEN: token } = fastify.deps.config
  if (token === null) return
  const expected = Buffer.from(`Bearer ${token}`)

  fastify.get(
    '/metrics',
    { config: { auth: 'none', servesUnprepared: true }, schema: { hide: true } },
    async (request, reply) => {
      const given = Buffer.from(request.headers.authorization ?? '')
      const matches = given.length === expected.length && timingSafeEqual(given, expected)
      if (!matches) throw new Problem('not_authenticated')
      return reply.type(fastify.deps.metrics.registry.contentType).send(await fastify.readMetrics())
    }
  )
}

export default routes
