import { type LockedAccount, lockAccount } from '../accounts/lock.js'
import { byOwner, record } from '../audit/record.js'
import type { Database } from '../base/database/database.js'
import { Problem, throttled } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { clear, type Reserved, refund, reserve } from '../limits/budgets.js'
import type { Sender } from '../sender.js'
import { readAuthenticator, useStep } from './authenticators.js'
import { codeBudget } from './budget.js'
import { notifyAttempts, notifyRecoveryCodeUsed } from './notify.js'
import { useRecoveryCode } from './recovery-codes.js'
import { openSecret } from './secret.js'
import { findStep } from './totp.js'

/** A code as it was typed. */
export type OfferedCode = { readonly method: 'otp' | 'rc'; readonly code: string }

export type CheckCodeDeps = Pick<
  Deps,
  'db' | 'config' | 'clock' | 'log' | 'attemptKey' | 'totpKeys' | 'outboxKeys'
>

type CodeCheck<T> = {
  readonly userId: string
  readonly offered: OfferedCode
  readonly sender: Sender
  /** Takes what else an attempt costs, once the account's budget allowed it; throws where nothing is left. */
  readonly take?: () => Promise<void>
  /** Locks the account; throws where it, or what the attempt is made with, is not there any more. */
  readonly lock: (tx: Database) => Promise<LockedAccount>
  /** What the right code is for: runs in the transaction that uses the code up. */
  readonly act: (tx: Database, account: LockedAccount) => Promise<T>
  /** Told of a wrong code, when that is written down. */
  readonly onWrong?: () => Promise<void>
}

/** Wrong codes after which the owner hears of them: one or two are slips. */
const failuresBeforeNotice = 3

/**
 * Lets somebody whose password was right try a second factor. The attempt is taken from the account's
 * budget before the code is looked at, so parallel guesses cannot spend more than there is (MFA-05);
 * the right code, what it is for and the end of the count are one transaction (MFA-01, MFA-09).
 *
 * @throws {Problem} `throttled`, before anything else is looked at; `totp_not_active`; `invalid_code`;
 *   `unavailable` for a secret that cannot be opened; whatever `take`, `lock` and `act` throw.
 */
export async function checkCode<T>(deps: CheckCodeDeps, attempt: CodeCheck<T>): Promise<T> {
  const { db, config, attemptKey } = deps
  const { userId, offered } = attempt
  const budget = codeBudget(config, userId)
  const reserved = await reserve(db, attemptKey, [budget])
  try {
    await attempt.take?.()
    const find = await prepare(deps, attempt)
    const outcome = await db.transaction(async tx => {
      const account = await attempt.lock(tx)
      if (!(await find(tx, account))) return 'wrong'
      const result = await attempt.act(tx, account)
      await clear(tx, attemptKey, budget)
      return { result }
    })
    if (outcome !== 'wrong') return outcome.result
  } catch (error) {
    // A wrong code does not throw: none was looked at, or it was right and what it was for failed.
    await refund(db, reserved)
    throw error
  }
  await recordFailure(deps, attempt, reserved)
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
  deps: CheckCodeDeps,
  { userId, offered, sender }: Pick<CodeCheck<never>, 'userId' | 'offered' | 'sender'>
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
        ...byOwner(userId),
        sender,
        details: { remaining }
      })
      await notifyRecoveryCodeUsed(tx, deps, account, remaining)
      return true
    }
  }
  const secret = openSecret(deps, authenticator, userId)
  const step = findStep({ secret, code, now, lastStep: authenticator.lastStep })
  return async tx => step !== null && (await useStep(tx, { userId, step, now }))
}

async function recordFailure<T>(
  deps: CheckCodeDeps,
  { userId, offered, sender }: CodeCheck<T>,
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
      sender,
      details: { method: offered.method, ...(blocksSeconds === null ? {} : { lockout: true }) }
    })
    if (failures >= failuresBeforeNotice) await notifyAttempts(tx, deps, account)
  })
}
