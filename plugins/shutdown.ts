import type { Socket } from 'node:net'
import fp from 'fastify-plugin'

/** Less than the process gives itself to stop, so that database and workers are closed as well. */
const longestMs = 10_000

/**
 * Lets connections go when the service stops: every request that has begun is answered, and nobody
 * keeps the process from ending (FLT-09). Node closes the connections that are idle at that moment;
 * one that is busy would afterwards be kept for its client's next request, and one that never sent
 * a request has no time limit once the server is closed.
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
    fastify.addHook('onSend', async (_request, reply) => {
      if (stopping) reply.header('connection', 'close')
    })
    fastify.addHook('onResponse', async () => {
      // The head of this answer may have left before, with the promise to stay.
      if (stopping) setImmediate(() => server.closeIdleConnections())
    })
  },
  { name: 'shutdown', fastify: '5.x' }
)
