import { byOwner, record } from '../audit/record.js'
import { Problem } from '../base/errors/problem.js'
import type { Sender } from '../sender.js'
import type { Principal } from '../sessions/authenticate.js'
import { type Offered, type ProveDeps, proveAgain } from '../sign-in/authorize-change.js'
import { dropSecondFactor, readAuthenticator } from './authenticators.js'
import { notifyDisabled } from './notify.js'

/**
 * Gives the second factor up: authenticator, recovery codes and sign-ins that wait for one go
 * together. Sessions stay. It takes the password and the factor itself (MFA-12, D12).
 *
 * @throws {Problem} as {@link proveAgain}; `totp_not_active`, after the password was right.
 */
export async function deactivate(
  deps: ProveDeps,
  principal: Principal,
  offered: Offered & { readonly password: string },
  sender: Sender
): Promise<void> {
  await proveAgain(deps, principal, offered, sender, async (tx, account) => {
    const { id: userId } = account
    if ((await readAuthenticator(tx, userId)) === null) throw new Problem('totp_not_active')
    await dropSecondFactor(tx, userId)
    await record(tx, {
      event: 'mfa.disabled',
      ...byOwner(userId),
      sessionId: principal.sessionId,
      sender
    })
    await notifyDisabled(tx, deps, account)
  })
}
