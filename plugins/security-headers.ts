import helmet from '@fastify/helmet'
import fp from 'fastify-plugin'

/**
 * Security headers of JSON answers: no framing, caching, sniffing or referrer (HTP-14, HTP-15).
 * Pages set their own content security policy.
 */
export default fp(
  async fastify => {
    const { PUBLIC_URL } = fastify.deps.config
    await fastify.register(helmet, {
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          defaultSrc: ["'none'"],
          frameAncestors: ["'none'"],
          baseUri: ["'none'"],
          formAction: ["'none'"]
        }
      },
      strictTransportSecurity: PUBLIC_URL.startsWith('https:')
        ? { maxAge: 31_536_000, includeSubDomains: false }
        : false,
      referrerPolicy: { policy: 'no-referrer' },
      frameguard: { action: 'deny' },
      xXssProtection: false
    })
    fastify.addHook('onRequest', async (_request, reply) => {
      reply.header('cache-control', 'no-store')
    })
  },
  { name: 'security-headers', fastify: '5.x', dependencies: ['deps'] }
)
