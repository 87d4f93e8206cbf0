import type { FastifyRequest } from 'fastify'
import Negotiator from 'negotiator'

/** Whether a form posted the request, and not a program. */
export const isForm = ({ headers }: FastifyRequest): boolean =>
  /^application\/x-www-form-urlencoded/i.test(headers['content-type'] ?? '')

/** Whether the client gets a page and not JSON: its `Accept` prefers HTML, or it posted a form. */
export function wantsPage(request: FastifyRequest): boolean {
  const negotiator = new Negotiator({ headers: { accept: request.headers.accept } })
  const preferred = negotiator.mediaType(['application/json', 'text/html'])
  return preferred === 'text/html' || isForm(request)
}
