import { byOwner, record } from '../audit/record.js'
import { Problem } from '../base/errors/problem.js'
import type { Sender } from '../sender.js'
import type { Principal } from '../sessions/authenticate.js'
import { revokeAllSessions, revokeOtherSessions, revokeSession } from '../sessions/revoke.js'
import { authorizeChange, type ChangeDeps, commitChange } from './authorize-change.js'

/** Ends every session of the caller, also the current one. */
export async function logoutEverywhere(
  deps: ChangeDeps,
  principal: Principal,
  sender: Sender
): Promise<void> {
  const { sessionId } = principal
  const authorization = await authorizeChange(deps, { principal, sender }, 'session')
  await commitChange(deps, authorization, async (tx, { id: userId }) => {
    await revokeAllSessions(tx, { userId })
    await record(tx, { event: 'logout.all', ...byOwner(userId), sessionId, sender })
  })
}

/** Ends every session of the caller except the current one; returns how many. */
export async function logoutOthers(
  deps: ChangeDeps,
  principal: Principal,
  sender: Sender
): Promise<number> {
  const { sessionId } = principal
  const authorization = await authorizeChange(deps, { principal, sender }, 'session')
  return commitChange(deps, authorization, async (tx, { id: userId }) => {
    const revoked = await revokeOtherSessions(tx, { userId, sessionId })
    const details = { revoked }
    await record(tx, { event: 'logout.others', ...byOwner(userId), sessionId, sender, details })
    return revoked
  })
}

/**
 * Ends one session of the caller.
 *
 * @throws {Problem} `not_found` when the caller has no such session.
 */
export async function logoutDevice(
  deps: ChangeDeps,
  principal: Principal,
  sessionId: string,
  sender: Sender
): Promise<void> {
  const authorization = await authorizeChange(deps, { principal, sender }, 'session')
  await commitChange(deps, authorization, async (tx, { id: userId }) => {
    if (!(await revokeSession(tx, { userId, sessionId }))) throw new Problem('not_found')
    await record(tx, { event: 'logout.device', ...byOwner(userId), sessionId, sender })
  })
}
