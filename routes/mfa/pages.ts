import type { FastifyReply } from 'fastify'

/** Goes where the deployer wants people to go in the end. */
export function finishMfa(reply: FastifyReply, { signedIn }: { signedIn: boolean }): FastifyReply {
  const { MFA_COMPLETE_REDIRECT: target } = reply.server.deps.config
  return target === null ? reply.page('mfa/done', { signedIn }) : reply.redirect(target, 303)
}
