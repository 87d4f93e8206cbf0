import type { Socket } from 'node:net'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { networkOf } from '../src/limits/network.js'
import type { Sender, Transport } from '../src/sender.js'
import { knownDeviceCookie } from '../src/tokens/known-device.js'
import { clientAddressBehind } from './http/client-address.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** The sender, as the functions of `src` take it. */
    readonly sender: Sender
    /** It, once it has been read. */
    knownSender: Sender | null
  }
}

const longestAgent = 512
const transportHeader = 'x-refresh-transport'

/** Collects what a request tells about its sender. Getters do their work only when they are read. */
export default fp(
  async fastify => {
    const { tokens } = fastify
    const { config } = fastify.deps
    const keeps = config.JWT_ALLAUTH_COLLECT_USER_AGENT
    const usual: Transport = config.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE ? 'cookie' : 'body'

    const addressBehind = clientAddressBehind(config.TRUST_PROXY, config.TRUST_PROXY_HEADER)
    const addressOf = ({ ip: peer, headers }: FastifyRequest) => addressBehind({ peer, headers })

    const senderOf = (request: FastifyRequest): Sender => ({
      ip: keeps ? addressOf(request).slice(0, 45) : null,
      userAgent: (keeps && request.headers['user-agent']?.slice(0, longestAgent)) || null,
      get network() {
        return networkOf(addressOf(request))
      },
      get transport() {
        const asked = request.headers[transportHeader]
        return asked === 'cookie' || asked === 'body' ? asked : usual
      },
      get locale() {
        return request.language.tag
      },
      get signal() {
        return whenGone(request.raw.socket)
      },
      get knownDevice() {
        return tokens.knownDevices.read(request.readCookie(knownDeviceCookie))
      }
    })
    fastify.addHook('onRequest', ({ headers }, _reply, done) => {
      const asked = headers[transportHeader]
      if (typeof asked === 'string') headers[transportHeader] = asked.toLowerCase()
      done()
    })
    fastify.decorateRequest('knownSender', null)
    fastify.decorateRequest('sender', {
      getter(this: FastifyRequest) {
        this.knownSender ??= senderOf(this)
        return this.knownSender
      }
    })
  },
  { name: 'sender', fastify: '5.x', dependencies: ['deps', 'jwt', 'cookies', 'language'] }
)

const signals = new WeakMap<Socket, AbortSignal>()

/**
 * Fires when the connection closes (HSH-06). Fastify's `request.signal` is of no use here: it fires
 * when the body was read, and costs more than a timer.
 */
function whenGone(socket: Socket): AbortSignal {
  const known = signals.get(socket)
  if (known !== undefined) return known
  // A destroyed socket may have emitted `close` already.
  if (socket.destroyed) return AbortSignal.abort()
  const controller = new AbortController()
  socket.once('close', () => controller.abort())
  signals.set(socket, controller.signal)
  return controller.signal
}
