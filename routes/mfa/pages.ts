import type { FastifyReply } from 'fastify'

/**
 * After a sign-in: redirects to where the person came from, to `MFA_COMPLETE_REDIRECT` or to the app. After a
 * setup: to `MFA_COMPLETE_REDIRECT`, or shows the page that says that all is done.
 */
export function finishMfa(reply: FastifyReply, { signedIn }: { signedIn: boolean }): FastifyReply {
  const { MFA_COMPLETE_REDIRECT: target } = reply.server.deps.config
  const redirected = signedIn ? reply.redirectOnward(target) : null
  if (redirected !== null) return redirected
  return target === null ? reply.page('mfa/done', { signedIn }) : reply.redirect(target, 303)
}
