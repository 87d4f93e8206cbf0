import { byOwner, record } from '../audit/record.js'
import type { Sender } from '../sender.js'
import type { Principal } from '../sessions/authenticate.js'
import type { Session } from '../sessions/session.js'
import { stepUp } from '../sessions/step-up.js'
import {
  authorizeChange,
  type ChangeDeps,
  commitChange,
  type Evidence
} from './authorize-change.js'

/**
 * Re-authenticates the caller: updates time and methods of the authentication in the session. The session
 * and its refresh token stay.
 *
 * @throws {Problem} as {@link authorizeChange} and {@link commitChange}.
 */
export async function reauthenticate(
  deps: ChangeDeps,
  principal: Principal,
  evidence: Evidence,
  sender: Sender
): Promise<Session> {
  const { sessionId } = principal
  const authorization = await authorizeChange(deps, { principal, sender }, 'password', evidence)
  return commitChange(deps, authorization, async (tx, { id: userId }, proved) => {
    const details = { amr: proved }
    await record(tx, { event: 'reauthentication', ...byOwner(userId), sessionId, sender, details })
    return stepUp(tx, { userId, sessionId }, proved)
  })
}
