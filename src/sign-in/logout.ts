import { lockAccount } from '../accounts/lock.js'
import { byOwner, record } from '../audit/record.js'
import { Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import type { Sender } from '../sender.js'
import { revokeByRefreshToken, revokeSession } from '../sessions/revoke.js'
import type { RefreshToken } from '../sessions/session.js'

type Proofs = {
  readonly bearer: { readonly user: { readonly id: string }; readonly sessionId: string } | null
  readonly refresh: RefreshToken | null
}

/**
 * Ends the session of whoever proves one, by access token, by refresh token, or by both: then both
 * sessions, if they are of one person. Somebody else's refresh token ends nothing (SES-20).
 *
 * @throws {Problem} `token_not_valid` when neither proves a session.
 */
export async function logout(
  deps: Pick<Deps, 'db' | 'config'>,
  { bearer, refresh }: Proofs,
  sender: Sender
): Promise<void> {
  const userId = bearer?.user.id ?? refresh?.userId
  if (userId === undefined) throw new Problem('token_not_valid')
  await deps.db.transaction(async tx => {
    // The account's lock comes before those of its sessions, as everywhere.
    await lockAccount(tx, userId)
    const ended = new Set<string>()
    if (bearer !== null) {
      await revokeSession(tx, { userId, sessionId: bearer.sessionId })
      ended.add(bearer.sessionId)
    }
    if (refresh?.userId === userId && (await revokeByRefreshToken({ ...deps, db: tx }, refresh)))
      ended.add(refresh.sessionId)
    if (ended.size === 0) throw new Problem('token_not_valid')
    for (const sessionId of ended)
      await record(tx, { event: 'logout', ...byOwner(userId), sessionId, sender })
  })
}
