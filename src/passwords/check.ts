import { sql } from '../base/database/sql.js'
import { Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { type Budget, type Reservation, refund, reserve } from '../limits/budgets.js'
import type { KnownDevice, Sender } from '../sender.js'
import { knownSchemes } from './schemes.js'

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

type Read = { readonly account: PasswordAccount | null; readonly schemes: readonly string[] }

const readPasswordAccount = (address: string) => sql`
  SELECT json_build_object('schemes', ${knownSchemes}, 'account', (
    SELECT json_build_object('id', u."id", 'passwordHash', u."passwordHash", 'isActive', u."isActive",
      'verified', u."emailVerifiedAt" IS NOT NULL, 'credentialEpoch', u."credentialEpoch")
    FROM "User" u WHERE u."email" = ${address}::text))`

/** The place of the address's account among those that know the device, from 1; 0: none of them. */
const knownAccount = (address: string, device: KnownDevice | null) => sql`
  SELECT COALESCE(max(known.place), 0) FROM "User" u JOIN unnest(
    ${(device?.accounts ?? []).map(({ id }) => id)}::uuid[],
    ${(device?.accounts ?? []).map(({ credentialEpoch }) => credentialEpoch)}::int4[]
  ) WITH ORDINALITY AS known (id, epoch, place) ON known.id = u."id" AND known.epoch = u."credentialEpoch"
  WHERE u."email" = ${address}::text`

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
  const { also, blocksSeconds, ...reservation } = await reserve<Read>(
    deps.db,
    deps.attemptKey,
    budgets,
    {
      name: 'reserve-attempts-and-read-account',
      select: readPasswordAccount(address),
      choice: knownAccount(address, sender.knownDevice)
    }
  )
  const { account, schemes } = also ?? { account: null, schemes: [] }
  try {
    const result = await deps.hasher.verify(account?.passwordHash ?? null, password, {
      signal: sender.signal,
      schemes,
      // A disabled account answers like a wrong password (ENU-01).
      hidesMatch: account?.isActive === false
    })
    return { account, ...result, reservation, locks: blocksSeconds !== null }
  } catch (error) {
    // The password was not compared, so the attempt does not count.
    await refund(deps.db, reservation)
    throw error
  }
}

/** The problem for a wrong password of a signed-in person, at the field of the password. */
export const incorrectPassword = (field: string): Problem =>
  new Problem('incorrect_password', { fields: { [field]: [{ code: 'incorrect_password' }] } })

/** Over all devices that know an account: cookies are easy to gather, and each has a budget of its own. */
const perAccountFromKnownDevices = { count: 10, seconds: 300 }
/** A known device is no stranger, but whoever holds many cookies still is one network. */
const knownNetworkFactor = 10

/**
 * A known device uses separate budgets, so that an attacker elsewhere cannot lock out its owner. They
 * belong to the account and its credential epoch. The statement chooses: only it knows the account.
 */
function budgetsFor(
  config: Deps['config'],
  address: string,
  { network, knownDevice }: Sender
): Budget[] {
  const pair = config.LOGIN_FAILURES_PER_PAIR
  const ofNetwork = config.LOGIN_FAILURES_PER_NETWORK
  const ofKnownNetwork = { ...ofNetwork, count: ofNetwork.count * knownNetworkFactor }
  const strangers = [
    { kind: 'account', subject: address, rate: config.LOGIN_FAILURES_PER_ACCOUNT, choice: 0 },
    { kind: 'network', subject: network, rate: ofNetwork, choice: 0 },
    { kind: 'pair', subject: `${network}\0${address}`, rate: pair, choice: 0 }
  ]
  const known = (knownDevice?.accounts ?? []).flatMap(({ id, credentialEpoch }, index) => {
    const account = `${id}\0${credentialEpoch}`
    const choice = index + 1
    return [
      { kind: 'device', subject: `${knownDevice?.id}\0${account}`, rate: pair, choice },
      { kind: 'known-devices', subject: account, rate: perAccountFromKnownDevices, choice },
      { kind: 'known-network', subject: network, rate: ofKnownNetwork, choice }
    ]
  })
  return [...strangers, ...known].map(budget => ({ ...budget, grows: true }))
}
