import { byOwner, record } from '../audit/record.js'
import { Problem } from '../base/errors/problem.js'
import type { Sender } from '../sender.js'
import type { Principal } from '../sessions/authenticate.js'
import type { Session } from '../sessions/session.js'
import { stepUp } from '../sessions/step-up.js'
import { type Offered, type ProveDeps, proveAgain } from './authorize-change.js'

/**
 * Renews what a session knows of its person: when they were last there, and by which proofs. The
 * session and its refresh token go on.
 *
 * @throws {Problem} as {@link proveAgain}.
 */
export async function reauthenticate(
  deps: ProveDeps,
  principal: Principal,
  offered: Offered & { readonly password: string },
  sender: Sender
): Promise<Session> {
  return proveAgain(deps, principal, offered, sender, async (tx, { id: userId }, proved) => {
    const { sessionId } = principal
    const grant = await stepUp(tx, { userId, sessionId }, proved)
    if (grant === null) throw new Problem('token_not_valid')
    const details = { amr: proved }
    await record(tx, {
      event: 'reauthentication',
      ...byOwner(userId),
      sessionId,
      sender,
      details
    })
    return grant
  })
}
