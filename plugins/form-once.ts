import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import {
  type FormAnswer,
  formId,
  keepAnswer,
  releaseForm,
  takeForm
} from '../src/base/form-answer.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** The row of the form that this request is the first to send. */
    takenForm: string | null
  }
}

const keptHeaders = [
  'location',
  'set-cookie',
  'content-type',
  'content-security-policy',
  'cross-origin-opener-policy'
] as const
const mostBytes = 100_000

/**
 * A form that is sent twice, by a second click or by Reload, has one effect, and the second answer is that
 * of the first (PAG-05). Forms of our pages hold a random key. The check runs before the proof of who asks:
 * the first request may have ended the session or used the link up.
 */
export default fp(
  async fastify => {
    const { deps } = fastify
    fastify.decorateRequest('takenForm', null)

    // Only forms wait for a promise. It is returned, because Fastify then catches what its own code throws after it.
    fastify.addHook('preHandler', (request, reply, done) =>
      request.formKey === null ? done() : takeOrAnswer(request.formKey, request, reply)
    )

    async function takeOrAnswer(key: string, request: FastifyRequest, reply: FastifyReply) {
      const { url, body } = request
      const id = formId(deps, { key, url, fields: body as Record<string, unknown> })
      const answer = await takeForm(deps, id)
      if (answer !== null)
        return reply.code(answer.status).headers(answer.headers).send(answer.body)
      request.takenForm = id
    }

    fastify.addHook('onSend', (request, reply, payload, done) => {
      const { takenForm: id } = request
      if (id === null) return done(null, payload)
      request.takenForm = null
      const body = payload ?? ''
      const isKept = reply.statusCode < 400 && typeof body === 'string' && body.length < mostBytes
      if (!isKept) {
        // After a refusal the form can be sent again, in a minute if this fails.
        releaseForm(deps, id).catch(() => {})
        return done(null, payload)
      }
      const answer = { status: reply.statusCode, headers: headersOf(reply), body }
      return keepAnswer(deps, id, answer).then(() => payload)
    })
  },
  { name: 'form-once', fastify: '5.x', dependencies: ['deps', 'bodies', 'cookies'] }
)

function headersOf(reply: FastifyReply): FormAnswer['headers'] {
  const named = keptHeaders.map(name => [name, reply.getHeader(name)] as const)
  return Object.fromEntries(
    named.filter(([, value]) => value !== undefined)
  ) as FormAnswer['headers']
}
