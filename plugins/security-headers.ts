import fp from 'fastify-plugin'

/**
 * Security headers of JSON answers: no framing, caching, sniffing or referrer (HTP-14, HTP-15).
 * Pages set their own content security policy.
 */
export default fp(
  async fastify => {
    const { PUBLIC_URL } = fastify.deps.config
    const headers = {
      'cache-control': 'no-store',
      'content-security-policy':
        "default-src 'none';frame-ancestors 'none';base-uri 'none';form-action 'none'",
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'origin-agent-cluster': '?1',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-dns-prefetch-control': 'off',
      'x-download-options': 'noopen',
      'x-frame-options': 'DENY',
      'x-permitted-cross-domain-policies': 'none',
      ...(PUBLIC_URL.startsWith('https:') && { 'strict-transport-security': 'max-age=31536000' })
    }
    fastify.addHook('onRequest', (_request, reply, done) => {
      reply.headers(headers)
      done()
    })
  },
  { name: 'security-headers', fastify: '5.x', dependencies: ['deps'] }
)
