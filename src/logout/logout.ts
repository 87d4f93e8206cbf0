import type { Deps } from '../deps.js'
import { Problem } from '../errors/problem.js'
import type { Principal } from '../sessions/principal.js'
import type { Presented } from '../sessions/refresh.js'
import { revokeByRefreshToken, revokeSession } from '../sessions/revoke.js'

type Proofs = {
  readonly bearer: Principal | null
  readonly refresh: Presented | null
}

/**
 * Ends the session of whoever proves one, by access token, by refresh token, or by both: then both
 * sessions, if they are of one person. Somebody else's refresh token ends nothing (SES-20).
 *
 * @throws {Problem} `token_not_valid` when neither proves a session.
 */
export async function logout(
  deps: Pick<Deps, 'db' | 'config'>,
  { bearer, refresh }: Proofs
): Promise<void> {
  if (bearer !== null) {
    await revokeSession(deps.db, { userId: bearer.user.id, sessionId: bearer.sessionId })
  }
  const mayCount = refresh !== null && (bearer === null || bearer.user.id === refresh.userId)
  const ended = mayCount && (await revokeByRefreshToken(deps, refresh))
  if (bearer === null && !ended) throw new Problem('token_not_valid')
}
