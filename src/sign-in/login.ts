import { upgradePasswordHash } from '../accounts/account.js'
import { record } from '../audit/record.js'
import { canonicalAddress } from '../base/email-address.js'
import { Problem, throttled } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { refund } from '../limits/budgets.js'
import { readLockout } from '../mfa/budget.js'
import { checkPassword, type PasswordCheck } from '../passwords/check.js'
import type { Sender } from '../sender.js'
import { completeSignIn, type SignIn } from './complete.js'

type LoginDeps = Pick<Deps, 'db' | 'config' | 'hasher' | 'attemptKey' | 'log' | 'metrics'>

/**
 * Signs a person in with a password. It needs two round trips to the database: one reserves the attempt and
 * reads the account, one creates the session and gives the attempt back.
 *
 * @throws {Problem} `incorrect_credentials` for an unknown address, a wrong password, an account without
 *   password and a disabled one, so that the answer is the same (ENU-01); `email_not_verified`, only for
 *   the right password (ENU-03); `throttled`; `busy`.
 */
export async function login(
  deps: LoginDeps,
  { email, password }: { email: string; password: string },
  sender: Sender
): Promise<SignIn> {
  const address = canonicalAddress(email) ?? email.trim().toLowerCase()
  const check = await checkPassword(deps, { address, password }, sender)
  const { account, outdated, reservation } = check
  const reason = refusalReason(deps, check)
  if (account === null || reason !== null) {
    deps.metrics.signIns.inc({ method: 'pwd', outcome: reason ?? 'credentials' })
    await record(deps.db, {
      event: 'login',
      outcome: 'failure',
      actorId: null,
      subjectId: account?.id ?? null,
      sender,
      details: { reason: reason ?? 'credentials', ...(check.locks ? { lockout: true } : {}) }
    })
    if (reason !== 'unverified') throw new Problem('incorrect_credentials')
    // The password was right, so the attempt is no guess.
    await refund(deps.db, reservation)
    throw new Problem('email_not_verified')
  }
  const { id: userId, credentialEpoch, passwordHash } = account
  const authentication = {
    userId,
    credentialEpoch,
    amr: ['pwd'] as const,
    via: 'login' as const,
    reservation
  }
  const signIn = await completeSignIn(deps, authentication, sender)
  if (signIn === null) throw new Problem('incorrect_credentials')
  if (signIn.kind === 'mfa_required') {
    // Only now, so that a client without the password does not learn of the lockout (ENU-12).
    const lockedFor = await readLockout(deps, userId)
    if (lockedFor !== null) throw throttled(lockedFor)
  }
  if (outdated) await upgrade(deps, userId, passwordHash as string, password)
  return signIn
}

/** Why a sign-in is refused, for the trail; null when it is not. */
function refusalReason(
  { config }: Pick<Deps, 'config'>,
  { account, matches }: PasswordCheck
): 'credentials' | 'disabled' | 'unverified' | null {
  if (account === null || !matches) return 'credentials'
  if (!account.isActive) return 'disabled'
  if (config.EMAIL_VERIFICATION === 'mandatory' && !account.verified) return 'unverified'
  return null
}

/** Hashes the password with the current parameters. Never throws, because the session exists already (HSH-02). */
async function upgrade(
  deps: LoginDeps,
  userId: string,
  from: string,
  password: string
): Promise<void> {
  try {
    await upgradePasswordHash(deps.db, userId, { from, to: await deps.hasher.hash(password) })
  } catch (error) {
    deps.log.warn(
      { err: error, userId },
      'a password hash could not be upgraded; the next sign-in tries again'
    )
  }
}
