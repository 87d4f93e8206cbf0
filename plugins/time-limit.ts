import type { FastifyReply } from 'fastify'
import fp from 'fastify-plugin'
import { TimeLimitError } from './http/problem-body.js'

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
    // An answer has been chosen, and a second one must not follow. The limit holds on for a streamed body.
    fastify.addHook('onSend', (_request, reply, payload, done) => {
      if (!isStream(payload)) unanswered.delete(reply)
      done(null, payload)
    })
    fastify.addHook('onResponse', (_request, reply, done) => {
      unanswered.delete(reply)
      done()
    })
  },
  { name: 'time-limit', fastify: '5.x' }
)

const isStream = (payload: unknown): boolean =>
  typeof payload === 'object' && payload !== null && 'pipe' in payload

function giveUp(reply: FastifyReply): void {
  if (reply.sent) return
  // An answer that has begun cannot become another one.
  if (reply.raw.headersSent) reply.raw.destroy()
  else reply.send(new TimeLimitError())
}
