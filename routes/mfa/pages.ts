import type { FastifyReply } from 'fastify'

/** Redirects to `MFA_COMPLETE_REDIRECT`, or shows the page that says that all is done. */
export function finishMfa(reply: FastifyReply, { signedIn }: { signedIn: boolean }): FastifyReply {
  const { MFA_COMPLETE_REDIRECT: target } = reply.server.deps.config
  return target === null ? reply.page('mfa/done', { signedIn }) : reply.redirect(target, 303)
}
