import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { isForm } from '../../plugins/http/negotiate.js'
import { Problem } from '../../src/base/errors/problem.js'

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

type ErrorHandler = (
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply
) => Promise<FastifyReply>

/**
 * For the `errorHandler` of a page that needs a challenge: Back leads here after the sign-in, when the challenge
 * is used up. A person who is signed in goes on; another one reads that the sign-in has to start again.
 */
export const goOnWhenSignedIn: ErrorHandler = async (error, request, reply) => {
  if (!isEnded(error) || !request.bearer?.principal) throw error
  // The recovery codes lie between the setup and its end.
  if (request.readFlow('recovery_codes'))
    return reply.redirect(`${reply.server.deps.config.BASE_PATH}/mfa/setup/page/codes/`, 303)
  return finishMfa(reply, { signedIn: true })
}

/** For `errorHandler`: a form without a live challenge redirects to its page, which knows whether the person is signed in. */
export const pageWhenEnded =
  (page: string, next: ErrorHandler): ErrorHandler =>
  async (error, request, reply) => {
    try {
      return await next(error, request, reply)
    } catch (refusal) {
      if (!isEnded(refusal) || !isForm(request)) throw refusal
      // A challenge of the other kind stays.
      if (refusal.code === 'challenge_invalid') reply.endFlow('mfa')
      return reply.redirect(page, 303)
    }
  }

const isEnded = (error: unknown): error is Problem =>
  error instanceof Problem &&
  ['challenge_invalid', 'setup_challenge_invalid', 'not_authenticated'].includes(error.code)
