import fp from 'fastify-plugin'
import { networkOf } from '../src/limits/network.js'
import type { Device } from '../src/sessions/session.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** The network that limits count: an IPv4 address or an IPv6 /64. */
    readonly network: string
    /** What may be kept of the device; nulls with `JWT_ALLAUTH_COLLECT_USER_AGENT` off. */
    readonly device: Device
  }
}

const longestAgent = 512

/** What every request says of its sender, and one log line for each that names the route, not the URL. */
export default fp(
  async fastify => {
    const { JWT_ALLAUTH_COLLECT_USER_AGENT: collect } = fastify.deps.config
    fastify.decorateRequest('network', {
      getter() {
        return networkOf(this.ip)
      }
    })
    fastify.decorateRequest('device', {
      getter() {
        if (!collect) return { ip: null, userAgent: null }
        return {
          ip: this.ip.slice(0, 45),
          userAgent: this.headers['user-agent']?.slice(0, longestAgent) ?? null
        }
      }
    })
    fastify.addHook('onRequest', async (request, reply) => {
      reply.header('x-request-id', request.id)
    })
    fastify.addHook('onResponse', async (request, reply) => {
      const { method, routeOptions } = request
      const ms = Math.round(reply.elapsedTime * 10) / 10
      request.log.info({ method, route: routeOptions.url, status: reply.statusCode, ms }, 'request')
    })
  },
  { name: 'request-context', fastify: '5.x', dependencies: ['deps'] }
)
