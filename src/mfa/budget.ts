import type { Config } from '../base/config/load.js'
import type { Deps } from '../deps.js'
import { type Budget, readBudget } from '../limits/budgets.js'

const unlimited = 1_000_000

/**
 * The budget for wrong codes of one account, over all challenges and both kinds of code (MFA-05). Only a
 * client that knows the password can use it, and a new challenge does not reset it (MFA-06).
 */
export function codeBudget(
  config: Pick<Config, 'JWT_ALLAUTH_MFA_MAX_ATTEMPTS' | 'JWT_ALLAUTH_MFA_LOCKOUT_SECONDS'>,
  userId: string
): Budget {
  const count = config.JWT_ALLAUTH_MFA_MAX_ATTEMPTS || unlimited
  // One wrong code comes back in each lockout. Growing waits would lock out an owner whose password is known.
  const seconds = count * config.JWT_ALLAUTH_MFA_LOCKOUT_SECONDS
  return { kind: 'mfa', subject: userId, rate: { count, seconds } }
}

/** How long codes of an account are refused, in seconds; null: they are not. */
export async function readLockout(
  { db, config, attemptKey }: Pick<Deps, 'db' | 'config' | 'attemptKey'>,
  userId: string
): Promise<number | null> {
  return (await readBudget(db, attemptKey, codeBudget(config, userId))).waitSeconds
}
