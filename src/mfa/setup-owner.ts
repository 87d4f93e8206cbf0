import type { LockedAccount } from '../accounts/lock.js'
import type { Database } from '../base/database/database.js'
import type { Deps } from '../deps.js'
import type { Sender } from '../sender.js'
import type { Principal } from '../sessions/authenticate.js'
import { authorizeChange, type ChangeDeps, commitChange } from '../sign-in/authorize-change.js'
import { type ChallengeKey, commitByChallenge, findChallenge, setupNotValid } from './challenges.js'
import type { PendingOwner } from './pending.js'
import { requireMfaOn } from './policy.js'

/** Who sets up an authenticator: a person with a session, or one with a setup challenge (MFA-19). */
export type SetupOwner = {
  readonly userId: string
  readonly email: string
  readonly shownTo: PendingOwner
  /** The authentication methods of a setup challenge; null with a session. */
  readonly proven: readonly ('pwd' | 'email')[] | null
  /**
   * Runs a change under the account's lock.
   *
   * @throws {Problem} `token_not_valid` or `setup_challenge_invalid`, when one of them has ended meanwhile.
   */
  readonly commit: <T>(change: (tx: Database, account: LockedAccount) => Promise<T>) => Promise<T>
}

/** @throws {Problem} `mfa_disabled`; `token_not_valid`. */
export async function ownerOfSession(
  deps: ChangeDeps,
  principal: Principal,
  sender: Sender
): Promise<SetupOwner> {
  requireMfaOn(deps.config)
  const { user, sessionId } = principal
  const authorization = await authorizeChange(deps, { principal, sender }, 'session')
  return {
    userId: user.id,
    email: user.email,
    shownTo: { sessionId },
    proven: null,
    commit: change => commitChange(deps, authorization, change)
  }
}

/** @throws {Problem} `mfa_disabled`; `setup_challenge_invalid` for an unknown, expired, used or void challenge. */
export async function ownerOfChallenge(
  deps: Pick<Deps, 'db' | 'config'>,
  key: ChallengeKey
): Promise<SetupOwner> {
  requireMfaOn(deps.config)
  const challenge = await findChallenge(deps.db, key, 'setup')
  if (challenge === null) throw setupNotValid()
  const { id: challengeId, userId, email, amr } = challenge
  return {
    userId,
    email,
    shownTo: { challengeId },
    proven: amr,
    commit: change => commitByChallenge(deps.db, challenge, change)
  }
}
