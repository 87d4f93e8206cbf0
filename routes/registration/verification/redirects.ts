import type { FastifyInstance, FastifyReply } from 'fastify'
import { wantsPage } from '../../../plugins/http/negotiate.js'
import { Problem } from '../../../src/base/errors/problem.js'
import type { Confirmation } from '../../../src/registration/verify-email.js'

/** URL of the page with the button, and with the form of a contested sign-up. */
export const confirmationPage = ({ deps }: FastifyInstance): string =>
  `${deps.config.BASE_PATH}/registration/verification/`

/**
 * Redirects after a confirmation, or shows that the link is not valid. A contested one leads to the form
 * that asks for the password.
 *
 * @throws {Problem} for a program: `password_required`, `link_invalid`.
 */
export function redirectAfterVerification(
  reply: FastifyReply,
  confirmation: Confirmation,
  status: 302 | 303
) {
  const { request, server } = reply
  if (confirmation.outcome === 'contested') {
    if (!wantsPage(request)) throw new Problem('password_required')
    const { linkId } = confirmation
    return reply.startFlow('email_verification', linkId).redirect(confirmationPage(server), status)
  }
  if (confirmation.outcome !== 'confirmed') return failVerification(reply, confirmation.outcome)
  const { signIn } = confirmation
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

/** Shows a page for a dead link, with a form for another mail where there is one; a program gets the error. */
export function failVerification(reply: FastifyReply, reason: 'invalid' | 'superseded') {
  if (!wantsPage(reply.request)) throw new Problem('link_invalid')
  const mailless = !mailsConfirmations(reply.server)
  return reply.page('registration/verification-failed', { reason, mailless }, 400)
}

/** Whether sign-ups are confirmed by mail here. Else no route mails another link. */
export const mailsConfirmations = ({ deps }: FastifyInstance): boolean =>
  deps.config.EMAIL_VERIFICATION !== 'none' && !deps.config.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION
