import type { FastifyRequest } from 'fastify'
import { Problem } from '../../src/base/errors/problem.js'
import { ownerOfChallenge, ownerOfSession, type SetupOwner } from '../../src/mfa/setup-owner.js'

/** The account that sets up an authenticator. A challenge in the body overrides an access token. */
export async function setupOwner(
  request: FastifyRequest,
  challengeToken: string | undefined
): Promise<SetupOwner> {
  const { deps } = request.server
  if (challengeToken !== undefined) return ownerOfChallenge(deps, { token: challengeToken })
  return ownerOfSession(deps, request.principal, request.sender)
}

/** {@link setupOwner} for the pages: the cookie names the challenge. */
export async function setupOwnerOfPage(request: FastifyRequest): Promise<SetupOwner> {
  const id = request.readFlow('mfa')
  if (!id) throw new Problem('setup_challenge_invalid')
  return ownerOfChallenge(request.server.deps, { id })
}
