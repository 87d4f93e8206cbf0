import { byOwner, record } from '../audit/record.js'
import { Problem } from '../base/errors/problem.js'
import type { Sender } from '../sender.js'
import type { Principal } from '../sessions/authenticate.js'
import {
  authorizeChange,
  type ChangeDeps,
  commitChange,
  type Evidence
} from '../sign-in/authorize-change.js'
import { readAuthenticator } from './authenticators.js'
import { requireMfaOn } from './policy.js'
import { issueRecoveryCodes } from './recovery-codes.js'

/**
 * Creates and returns a new set of recovery codes; the old codes are not valid any more.
 *
 * @throws {Problem} as {@link requireMfaOn}, {@link authorizeChange} and {@link commitChange};
 *   `totp_not_active`.
 */
export async function renewRecoveryCodes(
  deps: ChangeDeps,
  principal: Principal,
  evidence: Evidence,
  sender: Sender
): Promise<string[]> {
  requireMfaOn(deps.config)
  const { sessionId } = principal
  const authorization = await authorizeChange(deps, { principal, sender }, 'fresh', evidence)
  return commitChange(deps, authorization, async (tx, { id: userId }) => {
    if ((await readAuthenticator(tx, userId)) === null) throw new Problem('totp_not_active')
    const event = 'mfa.recovery_codes_renewed'
    await record(tx, { event, ...byOwner(userId), sessionId, sender })
    return issueRecoveryCodes(tx, { userId, now: deps.clock() })
  })
}
