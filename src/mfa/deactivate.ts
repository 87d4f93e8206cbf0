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
 * Removes the second factor of the caller: authenticator, recovery codes and challenges. Sessions stay.
 * The caller needs the password and the second factor (MFA-12).
 *
 * @throws {Problem} as {@link requireMfaOptional}, {@link authorizeChange} and {@link commitChange};
 *   `totp_not_active`, only after the right password.
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
    await notifyDisabled(tx, deps, account, sender)
  })
}
