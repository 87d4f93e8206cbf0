import type { Database } from '../base/database/database.js'
import type { LockedAccount } from './lock.js'

/** Notes that somebody proved to read the account's mailbox. */
export async function markVerified(tx: Database, userId: string, now: Date): Promise<void> {
  await tx.prisma.user.updateMany({ where: { id: userId }, data: { emailVerifiedAt: now } })
}

type SignUp = {
  readonly passwordHash: string
  readonly firstName: string
  readonly lastName: string
}

/**
 * Gives an unproven account to whoever proved its mailbox by the link of a sign-up of their own:
 * password and names become theirs, and the raised epoch voids what anybody held before. A role
 * that came with an invitation that ran out does not pass on.
 *
 * @returns the new epoch. The caller ends the sessions.
 */
export async function adoptSignUp(
  tx: Database,
  {
    id,
    credentialEpoch,
    passwordHash
  }: Pick<LockedAccount, 'id' | 'credentialEpoch' | 'passwordHash'>,
  signUp: SignUp,
  now: Date
): Promise<number> {
  const { passwordHash: chosen, firstName, lastName } = signUp
  await tx.prisma.user.update({
    where: { id },
    data: {
      passwordHash: chosen,
      firstName,
      lastName,
      emailVerifiedAt: now,
      credentialEpoch: { increment: 1 },
      ...(passwordHash === null ? { role: 0 } : {})
    }
  })
  return credentialEpoch + 1
}

/**
 * Sets a password that was chosen against a mailed link, which also proves the mailbox; the raised
 * epoch voids every other link, challenge and proof.
 *
 * @returns the new epoch.
 */
export async function resetPassword(
  tx: Database,
  {
    id,
    credentialEpoch,
    emailVerifiedAt
  }: Pick<LockedAccount, 'id' | 'credentialEpoch' | 'emailVerifiedAt'>,
  { passwordHash, now }: { passwordHash: string; now: Date }
): Promise<number> {
  await tx.prisma.user.update({
    where: { id },
    data: {
      passwordHash,
      emailVerifiedAt: emailVerifiedAt ?? now,
      credentialEpoch: { increment: 1 }
    }
  })
  return credentialEpoch + 1
}
