import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { wantsPage } from '../../../plugins/http/negotiate.js'
import { Problem } from '../../../src/base/errors/problem.js'
import type { Confirmation } from '../../../src/registration/verify-email.js'

/** Redirects after a confirmation, or shows that the link is not valid. */
export function redirectAfterVerification(
  reply: FastifyReply,
  confirmation: Confirmation,
  status: 302 | 303
) {
  if (confirmation.outcome !== 'confirmed') return failVerification(reply, confirmation.outcome)
  const { signIn } = confirmation
  const { request, server } = reply
  // A product with its own page, and a program, are not sent to the pages of the second factor.
  const showsOurs = server.deps.config.EMAIL_VERIFIED_REDIRECT === null && wantsPage(request)
  const redirected = showsOurs ? reply.redirectToMfa(signIn, status) : null
  if (redirected !== null) return redirected
  if (signIn !== null) reply.answerSignIn(signIn)
  return reply.redirect(verifiedPage(server), status)
}

/** URL of the page that says that the address is confirmed. */
export function verifiedPage({ deps }: FastifyInstance): string {
  const { EMAIL_VERIFIED_REDIRECT, BASE_PATH } = deps.config
  return EMAIL_VERIFIED_REDIRECT ?? `${BASE_PATH}/registration/verified/`
}

/** Shows a page for a dead link; a program gets the error. */
export function failVerification(reply: FastifyReply, reason: 'invalid' | 'superseded') {
  if (!wantsPage(reply.request)) throw new Problem('link_invalid')
  return reply.page('registration/verification-failed', { reason }, 400)
}

/** For `errorHandler` of a route whose flow cookie may be dead. */
export function showVerificationFailed(
  error: FastifyError,
  _request: FastifyRequest,
  reply: FastifyReply
) {
  if (!(error instanceof Problem) || error.code !== 'link_invalid') throw error
  return failVerification(reply, 'invalid')
}
