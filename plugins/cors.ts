import cors, { type FastifyCorsOptions } from '@fastify/cors'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { Problem } from '../src/base/errors/problem.js'

/** Request headers that the service reads, and those that tracing libraries add to every request. */
const allowedHeaders = [
  'authorization',
  'content-type',
  'x-refresh-transport',
  'x-csrftoken',
  'x-request-id',
  'x-requested-with',
  'traceparent',
  'tracestate',
  'baggage',
  'sentry-trace'
]

const quietMs = 60_000

/** Lets browser apps on `CORS_ORIGINS`, and only these, read answers and send cookies (HTP-13). */
export default fp(
  async fastify => {
    const { CORS_ORIGINS, CORS_ALLOWED_HEADERS } = fastify.deps.config
    const listed = new Set(CORS_ORIGINS)
    let toldAt = Number.NEGATIVE_INFINITY

    // The browser tells the page only that it failed, so the log and the answer say why.
    fastify.addHook('onRequest', (request, reply, done) => {
      const { origin = '' } = request.headers
      if (!isPreflight(request) || listed.has(origin)) return done()
      if (performance.now() - toldAt >= quietMs) {
        toldAt = performance.now()
        request.log.warn(
          { origin: origin.slice(0, 200) },
          'a browser app on an origin that CORS_ORIGINS does not list was refused; further ones are not logged for a minute'
        )
      }
      reply.header('vary', 'Origin')
      done(new Problem('cross_site_request'))
    })
    if (CORS_ORIGINS.length === 0) return
    const options = {
      credentials: true,
      methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
      allowedHeaders: [...allowedHeaders, ...CORS_ALLOWED_HEADERS],
      exposedHeaders: ['retry-after', 'x-request-id'],
      maxAge: 600
    } satisfies FastifyCorsOptions
    await fastify.register(cors, {
      delegator: (request: FastifyRequest, answer) => {
        const { origin } = request.headers
        // Other origins get no CORS headers.
        const allowed = origin !== undefined && listed.has(origin) ? origin : false
        answer(null, { ...options, origin: allowed, preflight: isPreflight(request) })
      }
    })
  },
  { name: 'cors', fastify: '5.x', dependencies: ['deps'] }
)

const isPreflight = ({ method, headers }: FastifyRequest) =>
  method === 'OPTIONS' &&
  headers.origin !== undefined &&
  headers['access-control-request-method'] !== undefined
