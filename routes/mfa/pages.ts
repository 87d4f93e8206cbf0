import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { isForm } from '../../plugins/http/negotiate.js'
import { Problem } from '../../src/base/errors/problem.js'
import { readShownCodes, type ShownCodes } from '../../src/mfa/shown-codes.js'

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
 * For the `errorHandler` of a page that needs a challenge: Back leads here after the sign-in, which has taken the
 * cookie of its challenge away. A person who is signed in then goes on. Who still has the cookie of a challenge that
 * ended reads so, because the session may be another person's.
 */
export const goOnWhenSignedIn: ErrorHandler = async (error, request, reply) => {
  if (!isEnded(error)) throw error
  const { principal = null } = request.bearer ?? {}
  if (request.readFlow('mfa') !== undefined || principal === null)
    throw endMfa(error, request, reply)
  // The recovery codes lie between the setup and its end.
  if ((await readCodesOfFlow(request, principal.user.id)) !== null)
    return reply.redirect(`${reply.server.deps.config.BASE_PATH}/mfa/setup/page/codes/`, 303)
  return finishMfa(reply, { signedIn: true })
}

/**
 * The recovery codes that this browser may see again; for a signed-in `owner` only that account's. Another person
 * may have left the cookie.
 */
export async function readCodesOfFlow(
  request: FastifyRequest,
  owner?: string
): Promise<Omit<ShownCodes, 'userId'> | null> {
  const id = request.readFlow('recovery_codes')
  const shown = id ? await readShownCodes(request.server.deps, id) : null
  if (shown === null) return null
  const { userId, ...codes } = shown
  return owner === undefined || owner === userId ? codes : null
}

/**
 * For `errorHandler`: a form without a live challenge redirects to its page, which knows whether the person is
 * signed in. One that brings a challenge is refused there and then.
 */
export const pageWhenEnded =
  (page: string, next: ErrorHandler): ErrorHandler =>
  async (error, request, reply) => {
    const { challenge_id, setup_challenge_id } = (request.body ?? {}) as Record<string, unknown>
    const isBrought = (challenge_id ?? setup_challenge_id) !== undefined
    const leave = (refusal: Problem) => {
      if (isBrought || !isForm(request)) throw endMfa(refusal, request, reply)
      return reply.redirect(page, 303)
    }
    if (isEnded(error)) return leave(error)
    try {
      return await next(error, request, reply)
    } catch (refusal) {
      if (!isEnded(refusal)) throw refusal
      return leave(refusal)
    }
  }

/** Takes the cookie of a challenge that ended away. A challenge of the other kind stays. */
function endMfa(error: Problem, request: FastifyRequest, reply: FastifyReply): Problem {
  if (error.code === 'challenge_invalid' && request.readFlow('mfa') !== undefined)
    reply.endFlow('mfa')
  return error
}

const isEnded = (error: unknown): error is Problem =>
  error instanceof Problem &&
  ['challenge_invalid', 'setup_challenge_invalid', 'not_authenticated'].includes(error.code)
