import type { FastifyRequest } from 'fastify'
import { Problem } from '../../src/base/errors/problem.js'
import { ownerOfChallenge, ownerOfSession, type SetupOwner } from '../../src/mfa/setup-owner.js'

/** Who sets up an authenticator. A challenge in the body counts, so that a stale bearer beside it does no harm. */
export async function setupOwner(
  request: FastifyRequest,
  challengeToken: string | undefined
): Promise<SetupOwner> {
  if (challengeToken === undefined) return ownerOfSession(request.principal)
  return ownerOfChallenge(request.server.deps, { token: challengeToken })
}

/** The same for the pages: the browser's cookie names the challenge. */
export async function setupOwnerOfPage(request: FastifyRequest): Promise<SetupOwner> {
  const id = request.readFlow('mfa')
  if (!id) throw new Problem('setup_challenge_invalid')
  return ownerOfChallenge(request.server.deps, { id })
}
