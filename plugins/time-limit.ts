import type { FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import { unavailable } from './http/problem-body.js'

type Options = {
  /** A request that is not answered by then is answered 503. */
  readonly limitMs?: number
  readonly lookEveryMs?: number
}

/**
 * Answers a request that takes too long (HTP-02). One timer looks at all of them: `handlerTimeout` of Fastify
 * makes a timer and an abort signal for each, which is a tenth of a refresh.
 */
export default fp<Options>(
  async (fastify, { limitMs = 30_000, lookEveryMs = 1000 }) => {
    /** In the order of their arrival. */
    const unanswered = new Set<FastifyReply>()
    const timer = setInterval(() => {
      for (const reply of unanswered) {
        if (reply.elapsedTime < limitMs) return
        unanswered.delete(reply)
        giveUp(reply)
      }
    }, lookEveryMs).unref()

    fastify.addHook('onClose', async () => clearInterval(timer))
    fastify.addHook('onRequest', (_request, reply, done) => {
      unanswered.add(reply)
      done()
    })
    fastify.addHook('onResponse', (_request, reply, done) => {
      unanswered.delete(reply)
      done()
    })
  },
  { name: 'time-limit', fastify: '5.x' }
)

function giveUp(reply: FastifyReply): void {
  if (reply.sent) return
  // An answer that has begun cannot become another one.
  if (reply.raw.headersSent) reply.raw.destroy()
  else reply.send(unavailable())
}
