import type { Database } from '../base/database/database.js'
import type { EmailAddress } from '../base/email-address.js'
import { eraseSignUps } from '../links/link.js'
import type { LockedAccount } from './lock.js'

/** Records that the address of an account is verified. */
export async function markVerified(tx: Database, userId: string, now: Date): Promise<void> {
  await tx.prisma.user.updateMany({ where: { id: userId }, data: { emailVerifiedAt: now } })
}

type SignUp = {
  readonly passwordHash: string
  readonly firstName: string
  readonly lastName: string
}

/**
 * Gives an unverified account to the person who confirmed a sign-up: password and names become theirs,
 * and the raised epoch voids other links and challenges. The role of an expired invitation is removed.
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
  const { passwordHash: newHash, firstName, lastName } = signUp
  await tx.prisma.user.update({
    where: { id },
    data: {
      passwordHash: newHash,
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
 * Sets a password that was chosen with a mailed link, and verifies the address. The raised epoch
 * voids every other link and challenge, and no pending sign-up counts any more.
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
  await eraseSignUps(tx, id)
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

/**
 * Gives an account back to the person who proved its earlier mailbox: the address is restored, the password
 * is void, and the raised epoch voids every session, link and challenge.
 *
 * @returns the new epoch. The caller ends the sessions.
 */
export async function restoreAccount(
  tx: Database,
  userId: string,
  { email, now }: { email: EmailAddress; now: Date }
): Promise<number> {
  const { credentialEpoch } = await tx.prisma.user.update({
    where: { id: userId },
    data: {
      email,
      emailVerifiedAt: now,
      passwordHash: null,
      credentialEpoch: { increment: 1 }
    },
    select: { credentialEpoch: true }
  })
  return credentialEpoch
}
