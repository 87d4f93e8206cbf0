import { Problem } from '../base/errors/problem.js'
import type { Sender } from '../sender.js'
import { completeSignIn, type SignIn } from '../sign-in/complete.js'
import { findChallenge, reserveAttempt, useChallenge } from './challenges.js'
import { type CheckCodeDeps, checkCode, type OfferedCode } from './check-code.js'

const gone = () => new Problem('challenge_invalid')

/**
 * Finishes a sign-in with a code of the authenticator app or a recovery code. A challenge has few
 * attempts and one success; what it stands for is judged again by the mint: same credentials, active
 * account (MFA-08).
 *
 * @throws {Problem} `challenge_invalid`, also by the wrong code that was its last; `invalid_code` on
 *   `code` or `recovery_code`; `throttled`, which leaves the challenge as it was (contract A.3.13).
 */
export async function verifyChallenge(
  deps: CheckCodeDeps,
  { challengeId, offered }: { challengeId: string; offered: OfferedCode },
  sender: Sender
): Promise<SignIn> {
  const { db, config } = deps
  const challenge = await findChallenge(db, challengeId, 'login')
  if (challenge === null) throw gone()
  const { id, userId, credentialEpoch, amr } = challenge
  const limit = config.JWT_ALLAUTH_MFA_CHALLENGE_MAX_ATTEMPTS
  let attempt: number | null = null
  return checkCode(deps, {
    userId,
    offered,
    sender,
    gone,
    take: async () => {
      attempt = await reserveAttempt(db, id, limit)
      return attempt !== null
    },
    act: async tx => {
      if (!(await useChallenge(tx, id))) throw gone()
      const proof = {
        userId,
        credentialEpoch,
        amr: [...amr, offered.method],
        via: 'login' as const
      }
      const signIn = await completeSignIn({ ...deps, db: tx }, proof, sender)
      if (signIn === null) throw gone()
      return signIn
    },
    onWrong: async () => {
      if (attempt !== limit) return
      await useChallenge(db, id)
      throw gone()
    }
  })
}
