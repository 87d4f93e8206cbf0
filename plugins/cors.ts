import cors from '@fastify/cors'
import fp from 'fastify-plugin'

/** Browser apps on the listed origins, and no others, may read answers with cookies (HTP-13). */
export default fp(
  async fastify => {
    const { CORS_ORIGINS } = fastify.deps.config
    if (CORS_ORIGINS.length === 0) return
    await fastify.register(cors, {
      origin: [...CORS_ORIGINS],
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
    })
  },
  { name: 'cors', fastify: '5.x', dependencies: ['deps'] }
)
