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
  | 'db'
  | 'config'
  | 'clock'
  | 'log'
  | 'attemptKey'
  | 'totpKeys'
  | 'recoveryCodeKeys'
  | 'outboxKeys'
  | 'metrics'
>

type CodeCheck<T> = {
  readonly userId: string
  readonly offered: OfferedCode
  readonly sender: Sender
  /** Takes the attempt from a further limit, after the account's budget; throws when none is left. */
  readonly takeAttempt?: () => Promise<void>
  /** Locks the account; throws when the account, session or challenge is not valid any more. */
  readonly lock: (tx: Database) => Promise<LockedAccount>
  /** Runs after the right code, in the transaction that uses the code up. */
  readonly act: (tx: Database, account: LockedAccount) => Promise<T>
  /** Runs after a wrong code has been recorded. */
  readonly onWrong?: () => Promise<void>
}

/** From this many wrong codes on the owner gets a mail: one or two are typing errors. */
const failuresBeforeNotice = 3

/**
 * Checks a code of the second factor. Takes the attempt from the account's budget before it checks the
 * code, so parallel guesses cannot exceed the budget (MFA-05). One transaction uses the code up, runs
 * `act` and resets the budget (MFA-01, MFA-09).
 *
 * @throws {Problem} `throttled`, before any other check; `totp_not_active`; `invalid_code`;
 *   `unavailable` for a secret that cannot be decrypted; all errors of `takeAttempt`, `lock` and `act`.
 */
export async function checkCode<T>(deps: CheckCodeDeps, check: CodeCheck<T>): Promise<T> {
  const { db, config, attemptKey } = deps
  const { userId, offered } = check
  const budget = codeBudget(config, userId)
  const reserved = await reserve(db, attemptKey, [budget])
  try {
    await check.takeAttempt?.()
    const useCode = await prepare(deps, check)
    const outcome = await db.transaction(async tx => {
      const account = await check.lock(tx)
      if (!(await useCode(tx, account))) return 'wrong'
      const result = await check.act(tx, account)
      await clear(tx, attemptKey, budget)
      return { result }
    })
    if (outcome !== 'wrong') return outcome.result
  } catch (error) {
    // A wrong code does not throw. No code was checked, or the code was right and `act` failed.
    await refund(db, reserved)
    throw error
  }
  await recordFailure(deps, check, reserved)
  if (reserved.blocksSeconds !== null) throw throttled(reserved.blocksSeconds)
  await check.onWrong?.()
  throw new Problem('invalid_code', {
    fields: {
      [offered.method === 'otp' ? 'code' : 'recovery_code']: [{ code: 'invalid_code' }]
    }
  })
}

/** Uses the code up in a transaction; false for a wrong or used one. */
type UseCode = (tx: Database, account: LockedAccount) => Promise<boolean>

/** Reads and computes as much as possible before the transaction, so that it holds the lock only briefly. */
async function prepare(
  deps: CheckCodeDeps,
  { userId, offered, sender }: Pick<CodeCheck<never>, 'userId' | 'offered' | 'sender'>
): Promise<UseCode> {
  const { method, code } = offered
  const authenticator = await readAuthenticator(deps.db, userId)
  if (authenticator === null) throw new Problem('totp_not_active')
  const now = deps.clock()
  if (method === 'rc') {
    return async (tx, account) => {
      const remaining = await useRecoveryCode(tx, deps, { userId, code, now })
      if (remaining === null) return false
      await record(tx, {
        event: 'mfa.recovery_code_used',
        ...byOwner(userId),
        sender,
        details: { remaining }
      })
      await notifyRecoveryCodeUsed(tx, deps, account, { sender, remaining })
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
  deps.metrics.challenges.inc({ event: 'wrong' })
  deps.log.warn({ event: 'mfa.failed', userId, failures }, 'a code of the second factor was wrong')
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
    if (failures >= failuresBeforeNotice) await notifyAttempts(tx, deps, account, sender)
  })
}
