import { sql } from '../base/database/sql.js'
import { Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { type Budget, type Reservation, refund, reserve } from '../limits/budgets.js'
import type { Sender } from '../sender.js'

/** The account whose password is checked. */
export type PasswordAccount = {
  readonly id: string
  readonly passwordHash: string | null
  readonly isActive: boolean
  readonly verified: boolean
  readonly credentialEpoch: number
}

export type PasswordCheck = {
  /** Null for an unknown address, for which the same work is done. */
  readonly account: PasswordAccount | null
  readonly matches: boolean
  /** Whether the stored hash has other parameters than the current ones. */
  readonly outdated: boolean
  /** To be refunded if the attempt was not a failure. */
  readonly reservation: Reservation
  /** Whether this attempt, if it failed, uses up a budget: the next attempt has to wait. */
  readonly locks: boolean
}

const readPasswordAccount = (address: string) => sql`
  SELECT json_build_object('id', u."id", 'passwordHash', u."passwordHash", 'isActive', u."isActive",
    'verified', u."emailVerifiedAt" IS NOT NULL, 'credentialEpoch', u."credentialEpoch")
  FROM "User" u WHERE u."email" = ${address}::text`

/**
 * Checks a password for an address: takes an attempt from every budget, then compares (BRF-03). An
 * unknown address, an account without a password and a wrong password take the same time (ENU-02).
 *
 * @param address The canonical address, or the typed text if it is not a valid address.
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
    // The password was not compared, so the attempt does not count.
    await refund(deps.db, { keys })
    throw error
  }
}

/** The problem for a wrong password of a signed-in person, at the field of the password. */
export const incorrectPassword = (field: string): Problem =>
  new Problem('incorrect_password', { fields: { [field]: [{ code: 'incorrect_password' }] } })

/** A known device uses a separate budget, so that an attacker elsewhere cannot lock out its owner. */
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
