import { lockAccount } from '../accounts/lock.js'
import { byOwner, record } from '../audit/record.js'
import { Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import type { Sender } from '../sender.js'
import { revokeByRefreshToken, revokeSession } from '../sessions/revoke.js'
import type { RefreshToken } from '../sessions/session.js'

type LogoutTokens = {
  readonly bearer: { readonly user: { readonly id: string }; readonly sessionId: string } | null
  readonly refresh: RefreshToken | null
}

/**
 * Ends the session of an access token, of a refresh token, or of both if they belong to the same account.
 * With an access token, the refresh token of another account ends no session (SES-20).
 *
 * @throws {Problem} `token_not_valid` when neither token has a session.
 */
export async function logout(
  deps: Pick<Deps, 'db' | 'config'>,
  { bearer, refresh }: LogoutTokens,
  sender: Sender
): Promise<void> {
  const userId = bearer?.user.id ?? refresh?.userId
  if (userId === undefined) throw new Problem('token_not_valid')
  await deps.db.transaction(async tx => {
    // Every transaction locks the account before its sessions, so there is no deadlock.
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
