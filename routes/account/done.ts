import type { FastifyReply, FastifyRequest } from 'fastify'

/** What a form of the account has done. The page that follows it says so. */
const deeds = [
  'profile',
  'email_changed',
  'email_pending',
  'password',
  'factor_off',
  'codes',
  'device_ended',
  'devices_ended'
] as const
type Deed = (typeof deeds)[number]

/** Redirects from a form to a page of the account, which says what was done. */
export function redirectDone(reply: FastifyReply, page: string, deed: Deed): FastifyReply {
  const { BASE_PATH } = reply.server.deps.config
  return reply.redirect(`${BASE_PATH}${page}?done=${deed}`, 303)
}

/** The sentence about what was just done; null on a plain visit. */
export function doneOf({ query, language }: FastifyRequest): string | null {
  const deed = deeds.find(name => name === (query as Record<string, unknown>).done)
  return deed === undefined ? null : language.texts('pages.account', `done_${deed}`)
}
