import { record } from '../audit/record.js'
import { Problem } from '../base/errors/problem.js'
import type { Source } from '../passwords/check.js'
import type { Principal } from '../sessions/authenticate.js'
import type { Device, Grant } from '../sessions/session.js'
import { renewProof } from '../sessions/step-up.js'
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
  client: Source & { readonly device: Device }
): Promise<Grant> {
  return proveAgain(deps, principal, offered, client, async (tx, { id: userId }, proved) => {
    const { sessionId } = principal
    const grant = await renewProof(tx, { userId, sessionId }, proved)
    if (grant === null) throw new Problem('token_not_valid')
    const details = { amr: proved }
    const origin = client.device
    await record(tx, {
      event: 'reauthentication',
      actorId: userId,
      subjectId: userId,
      sessionId,
      origin,
      details
    })
    return grant
  })
}
