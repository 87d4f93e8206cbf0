import { byOwner, record } from '../audit/record.js'
import { Problem } from '../base/errors/problem.js'
import type { Sender } from '../sender.js'
import type { Principal } from '../sessions/authenticate.js'
import { type Offered, type ProveDeps, proveAgain } from '../sign-in/authorize-change.js'
import { readAuthenticator } from './authenticators.js'
import { issueRecoveryCodes } from './recovery-codes.js'

/**
 * Makes a new set of recovery codes and shows it, once; the set before is dead.
 *
 * @throws {Problem} as {@link proveAgain}; `totp_not_active`.
 */
export async function renewRecoveryCodes(
  deps: ProveDeps,
  principal: Principal,
  offered: Offered,
  sender: Sender
): Promise<string[]> {
  return proveAgain(deps, principal, offered, sender, async (tx, { id: userId }) => {
    if ((await readAuthenticator(tx, userId)) === null) throw new Problem('totp_not_active')
    await record(tx, {
      event: 'mfa.recovery_codes_renewed',
      ...byOwner(userId),
      sessionId: principal.sessionId,
      sender
    })
    return issueRecoveryCodes(tx, { userId, now: deps.clock() })
  })
}
