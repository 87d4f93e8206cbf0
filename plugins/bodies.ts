import type { IncomingMessage } from 'node:http'
import formbody from '@fastify/formbody'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { fieldProblem, Problem } from '../src/base/errors/problem.js'
import { isForm } from './http/negotiate.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** The random key of a form that one of our pages showed. */
    formKey: string | null
  }
}

const jsonOnly = /^application\/json(?:[ \t]*;[ \t]*charset="?utf-8"?)?[ \t]*$/i
const formKey = /^[0-9a-f-]{36}$/
const byteOrderMark = '\ufeff'

/**
 * Reads bodies: JSON in UTF-8, and forms on routes with `config.page` (HTP-03, HTP-09). A
 * `__proto__` key is refused (HTP-06). A body of zero bytes is no body, whatever its `Content-Type`: HTTP
 * libraries send a type of their own with an empty request. No body becomes `{}`, so the answer names the
 * missing fields. Text is normalised to NFC before its length is checked, because NFC can make it longer.
 */
export default fp(
  async fastify => {
    fastify.decorateRequest('formKey', null)
    // RFC 9110 §10.1.1 lets a server ignore an expectation that it does not know. Node’s own answer, 417, has no body.
    const { server } = fastify
    server.on('checkExpectation', (request, reply) => server.emit('request', request, reply))
    const parse = fastify.getDefaultJsonParser('error', 'error')
    const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    fastify.removeAllContentTypeParsers()
    fastify.addContentTypeParser(
      'application/json',
      { parseAs: 'buffer' },
      (request, body, done) => {
        if (body.length === 0) {
          done(null, {})
          return
        }
        if (!jsonOnly.test(request.headers['content-type'] ?? '')) {
          done(new Problem('unsupported_media_type'))
          return
        }
        try {
          const text = utf8.decode(body as Buffer)
          // The JSON parser would remove it, but RFC 8259 §8.1 forbids it.
          if (text.startsWith(byteOrderMark)) throw new Problem('malformed_body')
          parse(request, text, done)
        } catch {
          done(new Problem('malformed_body'))
        }
      }
    )
    await fastify.register(formbody)
    fastify.addContentTypeParser('*', (_request: FastifyRequest, payload: IncomingMessage) =>
      readNothing(payload)
    )
    // Fastify refuses a type that it cannot read before any parser runs. A form stays a form, because hooks
    // that ran before have decided by it.
    fastify.addHook('preParsing', (request, _reply, payload, done) => {
      if (isEmpty(request) && !isForm(request)) delete request.headers['content-type']
      done(null, payload)
    })
    fastify.addHook('preValidation', (request, _reply, done) => {
      const { page } = request.routeOptions.config
      const isFilled = Object.keys((request.body as object | undefined) ?? {}).length > 0
      if (isFilled && isForm(request) && !page) return done(new Problem('unsupported_media_type'))
      request.body ??= {}
      // The schema would refuse these too, but hooks and error handlers read the body as an object.
      if (typeof request.body !== 'object' || Array.isArray(request.body))
        return done(fieldProblem('non_field_errors', { code: 'object' }))
      const fields = request.body as Record<string, unknown>
      if (isForm(request)) {
        const { form_key: key } = fields
        if (typeof key === 'string' && formKey.test(key)) request.formKey = key
        delete fields.form_key
      }
      for (const [name, value] of Object.entries(fields)) {
        if (typeof value === 'string') fields[name] = value.normalize('NFC')
      }
      done()
    })
  },
  { name: 'bodies', fastify: '5.x' }
)

/** Whether the headers say that no byte follows. */
const isEmpty = ({ headers }: FastifyRequest): boolean =>
  headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0

/** Reads a body that must not be there, up to its first byte. */
async function readNothing(payload: IncomingMessage): Promise<undefined> {
  try {
    // The answer needs the connection, which the iterator would close.
    for await (const _ of payload.iterator({ destroyOnReturn: false }))
      throw new Problem('unsupported_media_type')
  } catch (error) {
    throw error instanceof Problem ? error : new Problem('malformed_body')
  }
}
