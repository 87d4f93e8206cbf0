import { Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { refund } from '../limits/budgets.js'
import type { Sender } from '../sender.js'
import { checkPassword, incorrectPassword } from './check.js'

const freshForSeconds = 600

type Proof = {
  readonly email: string
  /** When this session's person last proved who they are. */
  readonly authTime: Date
  readonly password: string | undefined
}

/**
 * Demands that the person behind a session was there within the last ten minutes, or is now
 * (ASVS 7.5.1). A password that is sent is checked even where it was not needed.
 *
 * @throws {Problem} `incorrect_password` on `password`; `reauthentication_required`; `throttled`.
 */
export async function demandFreshProof(
  deps: Pick<Deps, 'db' | 'config' | 'clock' | 'hasher' | 'attemptKey'>,
  { email, authTime, password }: Proof,
  sender: Sender
): Promise<void> {
  if (password === undefined) {
    const age = (deps.clock().getTime() - authTime.getTime()) / 1000
    if (age > freshForSeconds) throw new Problem('reauthentication_required')
    return
  }
  const { matches, reservation } = await checkPassword(deps, { address: email, password }, sender)
  if (!matches) throw incorrectPassword('password')
  await refund(deps.db, reservation)
}
