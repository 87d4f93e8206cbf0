import { Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { type Budget, type Reservation, refund, reserve } from '../limits/budgets.js'
import { HasherBusyError } from './hashing.js'

/** Where an attempt comes from. `knownDevice` is the id of a device that signed in to this account before. */
export type Source = {
  readonly network: string
  readonly knownDevice: string | null
  /** Fires when the client has gone; its place in the queue goes to the next one. */
  readonly signal?: AbortSignal
}

/** The account whose password is tried, as far as judging that needs it. */
export type Candidate = {
  readonly id: string
  readonly passwordHash: string | null
  readonly isActive: boolean
  readonly verified: boolean
  readonly credentialEpoch: number
}

export type Attempt = {
  /** Null for an unknown address: the same work was done for it. */
  readonly candidate: Candidate | null
  readonly matches: boolean
  /** The stored hash has other parameters than the current ones. */
  readonly outdated: boolean
  /** To be given back where the attempt was no failure. */
  readonly reservation: Reservation
  /** If it was one, a budget is used up by it: whoever tries next has to wait. */
  readonly locks: boolean
}

const readCandidate = `
  SELECT json_build_object('id', u."id", 'passwordHash', u."passwordHash", 'isActive', u."isActive",
    'verified', u."emailVerifiedAt" IS NOT NULL, 'credentialEpoch', u."credentialEpoch")
  FROM "User" u WHERE u."email" = $5::text`

/**
 * Tries a password for an address: takes an attempt from every budget, then compares (BRF-03). An
 * unknown address, one without a password and a wrong password cost the same (ENU-02).
 *
 * @param address The canonical address, or whatever was typed where it has none.
 * @throws {Problem} `throttled`, `busy`.
 */
export async function attemptPassword(
  deps: Pick<Deps, 'db' | 'config' | 'hasher' | 'attemptKey'>,
  { address, password }: { address: string; password: string },
  source: Source
): Promise<Attempt> {
  const budgets = budgetsFor(deps.config, address, source)
  const {
    keys,
    also: candidate,
    blocksSeconds
  } = await reserve<Candidate>(deps.db, deps.attemptKey, budgets, {
    name: 'and-read-candidate',
    select: readCandidate,
    values: [address]
  })
  try {
    const result = await deps.hasher.verify(
      candidate?.passwordHash ?? null,
      password,
      source.signal
    )
    return { candidate, ...result, reservation: { keys }, locks: blocksSeconds !== null }
  } catch (error) {
    // Nothing was compared, so nothing was attempted.
    await refund(deps.db, { keys })
    throw error instanceof HasherBusyError ? busy(error) : error
  }
}

/** The password of somebody who is signed in already is wrong; says so at the field it was sent in. */
export const incorrectPassword = (field: string): Problem =>
  new Problem('incorrect_password', { fields: { [field]: [{ code: 'incorrect_password' }] } })

/** The answer for a full hash queue (HSH-04). */
export function busy(error: HasherBusyError): Problem {
  const { retryAfterSeconds: seconds } = error
  return new Problem('busy', { params: { seconds }, retryAfter: seconds })
}

/** A device that signed in before draws on a budget of its own, so that strangers cannot lock its owner out (D6). */
function budgetsFor(
  config: Deps['config'],
  address: string,
  { network, knownDevice }: Source
): Budget[] {
  const pair = config.LOGIN_FAILURES_PER_PAIR
  if (knownDevice !== null)
    return [{ kind: 'device', subject: `${knownDevice}\0${address}`, rate: pair }]
  return [
    { kind: 'account', subject: address, rate: config.LOGIN_FAILURES_PER_ACCOUNT },
    { kind: 'network', subject: network, rate: config.LOGIN_FAILURES_PER_NETWORK },
    { kind: 'pair', subject: `${network}\0${address}`, rate: pair }
  ]
}
