import { type LockedAccount, lockAccount } from '../accounts/lock.js'
import { type Origin, record } from '../audit/record.js'
import type { Database } from '../base/database/database.js'
import { Problem, throttled } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { clear, type Reserved, refund, reserve } from '../limits/budgets.js'
import { readAuthenticator, useStep } from './authenticators.js'
import { codeBudget } from './budget.js'
import { announceAttempts, announceRecoveryCode } from './notify.js'
import { useRecoveryCode } from './recovery-codes.js'
import { openSeed } from './seeds.js'
import { findStep } from './totp.js'

/** A code as it was typed. */
export type OfferedFactor = { readonly method: 'otp' | 'rc'; readonly code: string }

export type FactorDeps = Pick<
  Deps,
  'db' | 'config' | 'clock' | 'log' | 'attemptKey' | 'totpKeys' | 'outboxKeys'
>

type Attempt<T> = {
  readonly userId: string
  readonly offered: OfferedFactor
  readonly origin: Origin
  /** The account, or what the attempt is made with, is not there any more. */
  readonly gone: () => Problem
  /** Takes what else an attempt costs, once the account's budget allowed it; false: nothing is left. */
  readonly take?: () => Promise<boolean>
  /** What the right code is for: runs in the transaction that uses the code up. */
  readonly act: (tx: Database, account: LockedAccount) => Promise<T>
  /** Told of a wrong code, when that is written down. */
  readonly onWrong?: () => Promise<void>
}

/** Wrong codes after which the owner hears of them: one or two are slips. */
const worthTelling = 3

/**
 * Lets somebody whose password was right try a second factor. The attempt is taken from the account's
 * budget before the code is looked at, so parallel guesses cannot spend more than there is (MFA-05);
 * the right code, what it is for and the end of the count are one transaction (MFA-01, MFA-09).
 *
 * @throws {Problem} `throttled`, before anything else is looked at; `gone`, also where `take` had nothing
 *   left; `totp_not_active`; `invalid_code`; `unavailable` for a seed that cannot be opened.
 */
export async function attemptFactor<T>(deps: FactorDeps, attempt: Attempt<T>): Promise<T> {
  const { db, config, attemptKey } = deps
  const { userId, offered, take } = attempt
  const budget = codeBudget(config, userId)
  const reserved = await reserve(db, attemptKey, [budget])
  const giveBack = () => refund(db, reserved)
  if (take !== undefined && !(await take())) {
    await giveBack()
    throw attempt.gone()
  }
  let find: Find
  try {
    find = await prepare(deps, attempt)
  } catch (error) {
    // Nothing was compared, so nothing was attempted.
    await giveBack()
    throw error
  }
  const outcome = await db.transaction(async tx => {
    const account = await lockAccount(tx, userId)
    if (account === null || !account.isActive) throw attempt.gone()
    if (!(await find(tx, account))) return 'wrong'
    const result = await attempt.act(tx, account)
    await clear(tx, attemptKey, budget)
    return { result }
  })
  if (outcome !== 'wrong') return outcome.result
  await noteFailure(deps, attempt, reserved)
  if (reserved.blocksSeconds !== null) throw throttled(reserved.blocksSeconds)
  await attempt.onWrong?.()
  throw new Problem('invalid_code', {
    fields: {
      [offered.method === 'otp' ? 'code' : 'recovery_code']: [{ code: 'invalid_code' }]
    }
  })
}

/** Uses the code up in a transaction; whether it was right and unused. */
type Find = (tx: Database, account: LockedAccount) => Promise<boolean>

/** What has to be read and computed before the transaction: it shall hold the account's lock only briefly. */
async function prepare(
  deps: FactorDeps,
  { userId, offered, origin }: Pick<Attempt<never>, 'userId' | 'offered' | 'origin'>
): Promise<Find> {
  const { method, code } = offered
  const authenticator = await readAuthenticator(deps.db, userId)
  if (authenticator === null) throw new Problem('totp_not_active')
  const now = deps.clock()
  if (method === 'rc') {
    return async (tx, account) => {
      const remaining = await useRecoveryCode(tx, { userId, code, now })
      if (remaining === null) return false
      await record(tx, {
        event: 'mfa.recovery_code_used',
        actorId: userId,
        subjectId: userId,
        origin,
        details: { remaining }
      })
      await announceRecoveryCode(tx, deps, account, remaining)
      return true
    }
  }
  const seed = openSeed(deps, authenticator, userId)
  const step = findStep({ seed, code, now, lastStep: authenticator.lastStep })
  return async tx => step !== null && (await useStep(tx, { userId, step, now }))
}

async function noteFailure<T>(
  deps: FactorDeps,
  { userId, offered, origin }: Attempt<T>,
  { failures, blocksSeconds }: Reserved
): Promise<void> {
  deps.log.warn({ event: 'mfa.failed', userId, failures }, 'a second factor was wrong')
  await deps.db.transaction(async tx => {
    const account = await lockAccount(tx, userId)
    if (account === null) return
    await record(tx, {
      event: 'mfa.failed',
      outcome: 'failure',
      actorId: null,
      subjectId: userId,
      origin,
      details: { method: offered.method, ...(blocksSeconds === null ? {} : { lockout: true }) }
    })
    if (failures >= worthTelling) await announceAttempts(tx, deps, account)
  })
}
