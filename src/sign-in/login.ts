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

/** How a sender wants its session, and what is known of its device. */

type LoginDeps = Pick<Deps, 'db' | 'config' | 'hasher' | 'attemptKey' | 'log'>

/**
 * Opens a session for the right password. Two round trips beside the hash: reserve the attempt and
 * read the account; mint and give the attempt back.
 *
 * @throws {Problem} `incorrect_credentials` for an unknown address, a wrong password, an account
 *   without password and a disabled one alike (ENU-01); `email_not_verified`, only for the right
 *   password (ENU-03); `throttled`; `busy`.
 */
export async function login(
  deps: LoginDeps,
  { email, password }: { email: string; password: string },
  sender: Sender
): Promise<SignIn> {
  const address = canonicalAddress(email) ?? email.trim().toLowerCase()
  const attempt = await checkPassword(deps, { address, password }, sender)
  const { account, outdated, reservation } = attempt
  const reason = reasonAgainst(deps, attempt)
  if (account === null || reason !== null) {
    await record(deps.db, {
      event: 'login',
      outcome: 'failure',
      actorId: null,
      subjectId: account?.id ?? null,
      sender,
      details: { reason: reason ?? 'credentials', ...(attempt.locks ? { lockout: true } : {}) }
    })
    if (reason !== 'unverified') throw new Problem('incorrect_credentials')
    // The password was right, and the answer says so: whoever tries until the mail came is no guesser.
    await refund(deps.db, reservation)
    throw new Problem('email_not_verified')
  }
  const { id: userId, credentialEpoch, passwordHash } = account
  const proof = {
    userId,
    credentialEpoch,
    amr: ['pwd'] as const,
    via: 'login' as const,
    reservation
  }
  const signIn = await completeSignIn(deps, proof, sender)
  if (signIn === null) throw new Problem('incorrect_credentials')
  if (signIn.kind === 'mfa_required') {
    // Said only now: who does not know the password does not hear of it (ENU-12).
    const lockedFor = await readLockout(deps, userId)
    if (lockedFor !== null) throw throttled(lockedFor)
  }
  if (outdated) await upgrade(deps, userId, passwordHash as string, password)
  return signIn
}

/** Why an attempt signs nobody in, for the trail; null where it may. */
function reasonAgainst(
  { config }: Pick<Deps, 'config'>,
  { account, matches }: PasswordCheck
): 'credentials' | 'disabled' | 'unverified' | null {
  if (account === null || !matches) return 'credentials'
  if (!account.isActive) return 'disabled'
  if (config.EMAIL_VERIFICATION === 'mandatory' && !account.verified) return 'unverified'
  return null
}

/** Hashes again under today's parameters. The session is open already: nothing here may take it back (HSH-02). */
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
