import type { UndoRight } from '../accounts/undo-right.js'
import { newId } from '../base/crypto/random.js'
import type { Database } from '../base/database/database.js'
import type { SealedSecret } from './secret.js'
import { forgetCodesOf } from './shown-codes.js'

/** The authenticator app of an account. */
export type Authenticator = SealedSecret & { readonly userId: string; readonly lastStep: number }

export async function readAuthenticator(
  db: Database,
  userId: string
): Promise<Authenticator | null> {
  return db.prisma.authenticator.findUnique({
    where: { userId },
    select: { userId: true, sealedSecret: true, keyId: true, lastStep: true }
  })
}

/** Creates the authenticator of an account, in a transaction that has locked the account. */
export async function createAuthenticator(
  tx: Database,
  authenticator: Authenticator,
  now: Date
): Promise<void> {
  await tx.prisma.authenticator.create({
    data: { id: newId(), ...authenticator, createdAt: now }
  })
}

/** Uses up a time step and all earlier ones; false when it was used up already (MFA-01). */
export async function useStep(
  tx: Database,
  { userId, step, now }: { userId: string; step: number; now: Date }
): Promise<boolean> {
  const { count } = await tx.prisma.authenticator.updateMany({
    where: { userId, lastStep: { lt: step } },
    data: { lastStep: step, lastUsedAt: now }
  })
  return count > 0
}

/**
 * Removes the second factor of an account: authenticator, recovery codes, challenges and pending
 * secrets. Returns whether there was an authenticator.
 */
export async function dropSecondFactor(tx: Database, userId: string): Promise<boolean> {
  const { count } = await tx.prisma.authenticator.deleteMany({ where: { userId } })
  await tx.prisma.recoveryCode.deleteMany({ where: { userId } })
  await forgetCodesOf(tx, userId)
  await tx.prisma.mfaChallenge.deleteMany({ where: { userId } })
  await tx.prisma.pendingAuthenticator.deleteMany({ where: { session: { userId } } })
  return count > 0
}

/**
 * Restores the second factor that an account had when its undo right arose: removes an authenticator that
 * was set up since, and the recovery codes that were made since. Returns whether an authenticator was
 * removed. A removed one does not come back.
 */
export async function restoreSecondFactor(
  tx: Database,
  userId: string,
  { authenticatorId, since }: UndoRight
): Promise<boolean> {
  const where = { userId }
  const current = await tx.prisma.authenticator.findUnique({ where, select: { id: true } })
  if (current?.id !== authenticatorId) return dropSecondFactor(tx, userId)
  await tx.prisma.recoveryCode.deleteMany({ where: { userId, createdAt: { gte: since } } })
  await tx.prisma.mfaChallenge.deleteMany({ where })
  return false
}

/** An entry in a person's own list of authenticators. */
export type ListedAuthenticator = {
  readonly id: string
  readonly type: 'totp' | 'recovery_codes'
  readonly createdAt: Date
  readonly lastUsedAt: Date | null
  /** For recovery codes: how many are left. */
  readonly codesLeft?: number
}

/** Lists the authenticator of an account and its set of recovery codes, without any secret (MFA-20). */
export async function listAuthenticators(
  db: Database,
  userId: string
): Promise<ListedAuthenticator[]> {
  const authenticator = await db.prisma.authenticator.findUnique({
    where: { userId },
    select: { id: true, createdAt: true, lastUsedAt: true }
  })
  if (authenticator === null) return []
  const codes = await db.prisma.recoveryCode.findMany({
    where: { userId },
    select: { id: true, createdAt: true, usedAt: true },
    orderBy: { id: 'asc' }
  })
  const listed: ListedAuthenticator[] = [{ type: 'totp', ...authenticator }]
  const [first] = codes
  if (first !== undefined) {
    const used = codes.flatMap(({ usedAt }) => usedAt ?? [])
    const lastUsedAt = used.toSorted((a, b) => b.getTime() - a.getTime())[0] ?? null
    const { id, createdAt } = first
    const codesLeft = codes.length - used.length
    listed.push({ type: 'recovery_codes', id, createdAt, lastUsedAt, codesLeft })
  }
  return listed
}
