import { sql } from '../base/database/sql.js'
import { Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { type Budget, type Reservation, refund, reserve } from '../limits/budgets.js'
import type { Sender } from '../sender.js'

/** The account whose password is tried, as far as judging that needs it. */
export type PasswordAccount = {
  readonly id: string
  readonly passwordHash: string | null
  readonly isActive: boolean
  readonly verified: boolean
  readonly credentialEpoch: number
}

export type PasswordCheck = {
  /** Null for an unknown address: the same work was done for it. */
  readonly account: PasswordAccount | null
  readonly matches: boolean
  /** The stored hash has other parameters than the current ones. */
  readonly outdated: boolean
  /** To be given back where the attempt was no failure. */
  readonly reservation: Reservation
  /** If it was one, a budget is used up by it: whoever tries next has to wait. */
  readonly locks: boolean
}

const readPasswordAccount = (address: string) => sql`
  SELECT json_build_object('id', u."id", 'passwordHash', u."passwordHash", 'isActive', u."isActive",
    'verified', u."emailVerifiedAt" IS NOT NULL, 'credentialEpoch', u."credentialEpoch")
  FROM "User" u WHERE u."email" = ${address}::text`

/**
 * Tries a password for an address: takes an attempt from every budget, then compares (BRF-03). An
 * unknown address, one without a password and a wrong password cost the same (ENU-02).
 *
 * @param address The canonical address, or whatever was typed where it has none.
 * @throws {Problem} `throttled`, `busy`.
 */
export async function checkPassword(
  deps: Pick<Deps, 'db' | 'config' | 'hasher' | 'attemptKey'>,
  { address, password }: { address: string; password: string },
  sender: Sender
): Promise<PasswordCheck> {
  const budgets = budgetsFor(deps.config, address, sender)
  const {
    keys,
    also: account,
    blocksSeconds
  } = await reserve<PasswordAccount>(deps.db, deps.attemptKey, budgets, {
    name: 'reserve-attempts-and-read-account',
    select: readPasswordAccount(address)
  })
  try {
    const result = await deps.hasher.verify(account?.passwordHash ?? null, password, sender.signal)
    return { account, ...result, reservation: { keys }, locks: blocksSeconds !== null }
  } catch (error) {
    // Nothing was compared, so nothing was attempted.
    await refund(deps.db, { keys })
    throw error
  }
}

/** The password of somebody who is signed in already is wrong; says so at the field it was sent in. */
export const incorrectPassword = (field: string): Problem =>
  new Problem('incorrect_password', { fields: { [field]: [{ code: 'incorrect_password' }] } })

/** A device that signed in before draws on a budget of its own, so that strangers cannot lock its owner out (D6). */
function budgetsFor(
  config: Deps['config'],
  address: string,
  { network, knownDevice }: Sender
): Budget[] {
  const device = knownDevice(address)
  const pair = config.LOGIN_FAILURES_PER_PAIR
  if (device !== null) return [{ kind: 'device', subject: `${device}\0${address}`, rate: pair }]
  return [
    { kind: 'account', subject: address, rate: config.LOGIN_FAILURES_PER_ACCOUNT },
    { kind: 'network', subject: network, rate: config.LOGIN_FAILURES_PER_NETWORK },
    { kind: 'pair', subject: `${network}\0${address}`, rate: pair }
  ]
}
