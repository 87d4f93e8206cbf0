import cors, { type FastifyCorsOptions } from '@fastify/cors'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'

/** Browser apps on the listed origins, and no others, may read answers with cookies (HTP-13). */
export default fp(
  async fastify => {
    const { CORS_ORIGINS } = fastify.deps.config
    if (CORS_ORIGINS.length === 0) return
    const listed = new Set(CORS_ORIGINS)
    const options = {
      credentials: true,
      methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
      allowedHeaders: [
        'authorization',
        'content-type',
        'x-refresh-transport',
        'x-csrftoken',
        'x-request-id'
      ],
      exposedHeaders: ['retry-after', 'x-request-id'],
      maxAge: 600
    } satisfies FastifyCorsOptions
    await fastify.register(cors, {
      delegator: (request: FastifyRequest, answer) => {
        const { origin, 'access-control-request-method': asked } = request.headers
        // To anybody else the service looks as if it knew no CORS: not even a preflight is answered.
        const allowed = origin !== undefined && listed.has(origin) ? origin : false
        answer(null, { ...options, origin: allowed, preflight: asked !== undefined })
      }
    })
  },
  { name: 'cors', fastify: '5.x', dependencies: ['deps'] }
)
