import cors, { type FastifyCorsOptions } from '@fastify/cors'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'

/** Lets browser apps on `CORS_ORIGINS`, and only these, read answers and send cookies (HTP-13). */
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
        // Other origins get no CORS headers and no answer to a preflight.
        const allowed = origin !== undefined && listed.has(origin) ? origin : false
        answer(null, { ...options, origin: allowed, preflight: asked !== undefined })
      }
    })
  },
  { name: 'cors', fastify: '5.x', dependencies: ['deps'] }
)
