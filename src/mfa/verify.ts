import { lockUnchangedAccount } from '../accounts/lock.js'
import { Problem } from '../base/errors/problem.js'
import type { Sender } from '../sender.js'
import { completeSignIn, type SignIn } from '../sign-in/complete.js'
import {
  type Challenge,
  type ChallengeKey,
  findChallenge,
  reserveAttempt,
  useChallenge
} from './challenges.js'
import { type CheckCodeDeps, checkCode, type OfferedCode } from './check-code.js'
import { requireMfaOn } from './policy.js'

const challengeNotValid = () => new Problem('challenge_invalid')

/** Finds the challenge of a sign-in. @throws {Problem} `mfa_disabled`; `challenge_invalid`. */
export async function openChallenge(
  { db, config }: Pick<CheckCodeDeps, 'db' | 'config'>,
  key: ChallengeKey
): Promise<Challenge> {
  requireMfaOn(config)
  const challenge = await findChallenge(db, key, 'login')
  if (challenge === null) throw challengeNotValid()
  return challenge
}

/**
 * Finishes a sign-in with a code of the authenticator app or a recovery code. `createSession` checks again
 * that the account is active and its credentials are unchanged (MFA-08).
 *
 * @throws {Problem} `mfa_disabled`; `challenge_invalid`, also for the wrong code of the last attempt;
 *   `invalid_code` on `code` or `recovery_code`; `throttled`, after which the challenge can still be used.
 */
export async function verifyChallenge(
  deps: CheckCodeDeps,
  { key, offered }: { key: ChallengeKey; offered: OfferedCode },
  sender: Sender
): Promise<SignIn> {
  const { db, config, metrics } = deps
  const challenge = await openChallenge(deps, key)
  const { id, userId, credentialEpoch, amr } = challenge
  const limit = config.JWT_ALLAUTH_MFA_CHALLENGE_MAX_ATTEMPTS
  let attempt: number | null = null
  return checkCode(deps, {
    userId,
    offered,
    sender,
    takeAttempt: async () => {
      attempt = await reserveAttempt(db, id, limit)
      if (attempt === null) throw challengeNotValid()
    },
    lock: tx => lockUnchangedAccount(tx, challenge, challengeNotValid),
    act: async tx => {
      if (!(await useChallenge(tx, id))) throw challengeNotValid()
      const authentication = {
        userId,
        credentialEpoch,
        amr: [...amr, offered.method],
        via: 'login' as const
      }
      const signIn = await completeSignIn({ ...deps, db: tx }, authentication, sender)
      if (signIn === null) throw challengeNotValid()
      return signIn
    },
    onWrong: async () => {
      metrics.signIns.inc({ method: offered.method, outcome: 'credentials' })
      if (attempt !== limit) return
      await useChallenge(db, id)
      throw challengeNotValid()
    }
  })
}
