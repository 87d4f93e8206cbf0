import type { Socket } from 'node:net'
import fp from 'fastify-plugin'

/** Shorter than the time limit of the process, so that there is time to close database and workers. */
const longestMs = 10_000

/**
 * Closes all connections when the service stops, after the requests that have begun are answered
 * (FLT-09). Node closes only idle connections: it keeps a busy one open for the next request, and it
 * never closes one that sent no request.
 */
export default fp(
  async fastify => {
    const { server } = fastify
    const silent = new Set<Socket>()
    let stopping = false
    let limit: NodeJS.Timeout | undefined

    server.on('connection', (socket: Socket) => {
      silent.add(socket)
      socket.once('close', () => silent.delete(socket))
    })
    server.on('request', ({ socket }) => silent.delete(socket))

    fastify.addHook('preClose', async () => {
      stopping = true
      for (const socket of silent) socket.destroy()
      limit = setTimeout(() => server.closeAllConnections(), longestMs).unref()
    })
    fastify.addHook('onClose', async () => clearTimeout(limit))
    fastify.addHook('onSend', (_request, reply, payload, done) => {
      if (stopping) reply.header('connection', 'close')
      done(null, payload)
    })
    fastify.addHook('onResponse', (_request, _reply, done) => {
      // The headers may have been sent before the stop, without `connection: close`.
      if (stopping) setImmediate(() => server.closeIdleConnections())
      done()
    })
  },
  { name: 'shutdown', fastify: '5.x' }
)
