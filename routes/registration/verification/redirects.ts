import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { wantsPage } from '../../../plugins/http/negotiate.js'
import { Problem } from '../../../src/base/errors/problem.js'
import type { Confirmation } from '../../../src/registration/verify-email.js'

/** A session that a link opens travels by cookie: a redirect has no body to put it in. */
export const byCookie = ({ sender }: FastifyRequest) => ({
  ...sender,
  transport: 'cookie' as const
})

/** Leads on from a confirmation, or to what can be done about a link that is no longer good. */
export function redirectAfterVerification(
  request: FastifyRequest,
  reply: FastifyReply,
  confirmation: Confirmation,
  status: 302 | 303
) {
  if (confirmation.outcome !== 'confirmed')
    return failVerification(request, reply, confirmation.outcome)
  const { signIn } = confirmation
  const isOurs = request.server.deps.config.EMAIL_VERIFIED_REDIRECT === null
  // Whoever has a page of their own, or no browser, is not led to ours.
  const mayLead = isOurs && wantsPage(request)
  const led = mayLead ? reply.redirectToMfa(signIn, status) : null
  if (led !== null) return led
  if (signIn !== null) reply.answerSignIn(signIn)
  return reply.redirect(verifiedPage(request), status)
}

/** The page that says the address is confirmed, or the deployer's own. */
export function verifiedPage({ server }: FastifyRequest): string {
  const { EMAIL_VERIFIED_REDIRECT, BASE_PATH } = server.deps.config
  return EMAIL_VERIFIED_REDIRECT ?? `${BASE_PATH}/registration/verified/`
}

/** The page for a dead link, or the error for programs. */
export function failVerification(
  request: FastifyRequest,
  reply: FastifyReply,
  reason: 'invalid' | 'superseded'
) {
  if (!wantsPage(request)) throw new Problem('link_invalid')
  return reply.page('registration/verification-failed', { reason }, 400)
}

/** For routes whose cookie may be dead. */
export function showVerificationFailed(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply
) {
  if (!(error instanceof Problem) || error.code !== 'link_invalid') throw error
  return failVerification(request, reply, 'invalid')
}
