import type { FastifyRequest } from 'fastify'
import Negotiator from 'negotiator'

/** Whether a form posted the request, and not a program. */
export const isForm = ({ headers }: FastifyRequest): boolean =>
  /^application\/x-www-form-urlencoded/i.test(headers['content-type'] ?? '')

/** Whether `Accept` prefers HTML to JSON, as that of a browser's navigation does. */
export function prefersPage({ headers }: FastifyRequest): boolean {
  const negotiator = new Negotiator({ headers: { accept: headers.accept } })
  return negotiator.mediaType(['application/json', 'text/html']) === 'text/html'
}

/** Whether the client gets a page and not JSON: its `Accept` prefers HTML, or it posted a form. */
export const wantsPage = (request: FastifyRequest): boolean =>
  prefersPage(request) || isForm(request)
