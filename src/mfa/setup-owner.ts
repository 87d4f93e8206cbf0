import { Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import type { Principal } from '../sessions/authenticate.js'
import { type ChallengeKey, findChallenge } from './challenges.js'
import type { PendingOwner } from './pending.js'

/** Who sets up an authenticator: somebody signed in, or somebody who may only do that (MFA-19). */
export type SetupOwner = {
  readonly userId: string
  readonly email: string
  readonly credentialEpoch: number
  readonly shownTo: PendingOwner
  /** What a setup challenge stands for; null for somebody signed in. */
  readonly proven: readonly ('pwd' | 'email')[] | null
}

export function ownerOfSession({ user, sessionId }: Principal): SetupOwner {
  const { id: userId, email, credentialEpoch } = user
  return { userId, email, credentialEpoch, shownTo: { sessionId }, proven: null }
}

/** @throws {Problem} `setup_challenge_invalid` alike for an unknown, expired, used and voided one. */
export async function ownerOfChallenge(
  { db }: Pick<Deps, 'db'>,
  key: ChallengeKey
): Promise<SetupOwner> {
  const challenge = await findChallenge(db, key, 'setup')
  if (challenge === null) throw setupNotValid({ proven: [] })
  const { id: challengeId, userId, email, credentialEpoch, amr } = challenge
  return { userId, email, credentialEpoch, shownTo: { challengeId }, proven: amr }
}

/** The session or the challenge ended while it was used. */
export const setupNotValid = ({ proven }: Pick<SetupOwner, 'proven'>): Problem =>
  new Problem(proven === null ? 'token_not_valid' : 'setup_challenge_invalid')
