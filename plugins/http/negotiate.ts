import type { FastifyRequest } from 'fastify'
import Negotiator from 'negotiator'

/** Whether the client prefers a page to JSON. */
export function wantsPage({ headers }: FastifyRequest): boolean {
  const negotiator = new Negotiator({ headers: { accept: headers.accept } })
  return negotiator.mediaType(['application/json', 'text/html']) === 'text/html'
}
