import type { Config } from '../base/config/load.js'
import type { Deps } from '../deps.js'
import { type Budget, readBlock } from '../limits/budgets.js'

const unlimited = 1_000_000

/**
 * The budget for wrong codes of one account, over all challenges and both kinds of code (MFA-05). Only a
 * client that knows the password can use it, and a new challenge does not reset it (MFA-06).
 */
export function codeBudget(
  config: Pick<Config, 'JWT_ALLAUTH_MFA_MAX_ATTEMPTS' | 'JWT_ALLAUTH_MFA_LOCKOUT_SECONDS'>,
  userId: string
): Budget {
  const seconds = config.JWT_ALLAUTH_MFA_LOCKOUT_SECONDS
  const count = config.JWT_ALLAUTH_MFA_MAX_ATTEMPTS || unlimited
  return { kind: 'mfa', subject: userId, rate: { count, seconds }, wait: seconds }
}

/** How long codes of an account are refused, in seconds; null: they are not. */
export function readLockout(
  { db, config, attemptKey }: Pick<Deps, 'db' | 'config' | 'attemptKey'>,
  userId: string
): Promise<number | null> {
  return readBlock(db, attemptKey, codeBudget(config, userId))
}
