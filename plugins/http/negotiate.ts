import type { FastifyRequest } from 'fastify'
import Negotiator from 'negotiator'

/** Whether a browser's form posted this rather than a program. */
export const isForm = ({ headers }: FastifyRequest): boolean =>
  /^application\/x-www-form-urlencoded/i.test(headers['content-type'] ?? '')

/** Whether the client wants a page rather than JSON: it says so, or it posted a form. */
export function wantsPage(request: FastifyRequest): boolean {
  const negotiator = new Negotiator({ headers: { accept: request.headers.accept } })
  const preferred = negotiator.mediaType(['application/json', 'text/html'])
  return preferred === 'text/html' || isForm(request)
}
