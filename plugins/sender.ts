import type { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { canonicalAddress } from '../src/base/email-address.js'
import type { Source } from '../src/passwords/check.js'
import type { Device, Transport } from '../src/sessions/session.js'
import { knownDeviceCookie, knownDeviceSeconds } from '../src/tokens/known-device.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** The sender as sign-ins see it: where failures count, and how the session shall travel. */
    clientFor(address: string): Source & { transport: Transport; device: Device; locale: string }
  }
  interface FastifyReply {
    /** Marks the device as one that signed in to this address (contract A.3.6). */
    rememberDevice(address: string): FastifyReply
  }
}

/** Gathers what the request says of its sender for the flows that prove a person. */
export default fp(
  async fastify => {
    const { knownDevices } = fastify

    fastify.decorateRequest('clientFor', function (this: FastifyRequest, address: string) {
      const { network, device, transport } = this
      const canonical = canonicalAddress(address)
      const knownDevice =
        canonical && knownDevices.read(this.readCookie(knownDeviceCookie), canonical)
      const signal = whenGone(this.raw.socket)
      return { network, device, transport, signal, knownDevice, locale: this.locale }
    })
    fastify.decorateReply('rememberDevice', function (this: FastifyReply, address: string) {
      const cookie = knownDevices.remember(this.request.readCookie(knownDeviceCookie), address)
      return this.putCookie(knownDeviceCookie, cookie, { maxAge: knownDeviceSeconds })
    })
  },
  {
    name: 'client',
    fastify: '5.x',
    dependencies: ['deps', 'jwt', 'cookies', 'request-context', 'i18n']
  }
)

const signals = new WeakMap<Socket, AbortSignal>()

/**
 * Fires when the connection is gone (HSH-06). Fastify's own `request.signal` fires as soon as the body
 * has been read, because that closes the request's stream.
 */
function whenGone(socket: Socket): AbortSignal {
  const known = signals.get(socket)
  if (known !== undefined) return known
  const controller = new AbortController()
  socket.once('close', () => controller.abort())
  signals.set(socket, controller.signal)
  return controller.signal
}
