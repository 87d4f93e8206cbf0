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
import { dropSecondFactor } from './authenticators.js'
import { notifyDisabled } from './notify.js'
import { requireMfaOptional } from './policy.js'

/**
 * Gives the second factor up: authenticator, recovery codes and sign-ins that wait for one go
 * together. Sessions stay. It takes the password and the factor itself (MFA-12).
 *
 * @throws {Problem} as {@link requireMfaOptional}, {@link authorizeChange} and {@link commitChange};
 *   `totp_not_active`, after the password was right.
 */
export async function deactivate(
  deps: ChangeDeps,
  principal: Principal,
  evidence: Evidence,
  sender: Sender
): Promise<void> {
  requireMfaOptional(deps.config)
  const { sessionId } = principal
  const authorization = await authorizeChange(deps, { principal, sender }, 'password', evidence)
  await commitChange(deps, authorization, async (tx, account) => {
    if (!(await dropSecondFactor(tx, account.id))) throw new Problem('totp_not_active')
    await record(tx, { event: 'mfa.disabled', ...byOwner(account.id), sessionId, sender })
    await notifyDisabled(tx, deps, account)
  })
}
