import { Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { type Budget, refund, reserve } from './budgets.js'

const perAddress = { count: 5, seconds: 900 }
const perNetwork = { count: 30, seconds: 900 }

/**
 * Checks a short code from a mail. Takes the attempt first, and gives it back for the right code: five
 * tries at 40 bits, then with growing waits.
 *
 * @throws {Problem} `throttled`; `invalid_code` when `find` returns null.
 */
export async function checkMailCode<Found>(
  { db, attemptKey }: Pick<Deps, 'db' | 'attemptKey'>,
  { kind, address, network }: { kind: string; address: string; network: string },
  find: () => Promise<Found | null>
): Promise<Found> {
  const budgets: Budget[] = [
    { kind: `${kind}-address`, subject: address, rate: perAddress, grows: true },
    { kind: `${kind}-network`, subject: network, rate: perNetwork, grows: true }
  ]
  const reservation = await reserve(db, attemptKey, budgets)
  const found = await find()
  if (found === null)
    throw new Problem('invalid_code', { fields: { code: [{ code: 'invalid_code' }] } })
  await refund(db, reservation)
  return found
}
