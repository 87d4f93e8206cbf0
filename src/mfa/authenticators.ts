import { newId } from '../base/crypto/random.js'
import type { Database } from '../base/database/database.js'
import type { SealedSecret } from './secret.js'

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

/** Gives an account its authenticator, in a transaction that holds the account's lock and saw none. */
export async function createAuthenticator(
  tx: Database,
  authenticator: Authenticator,
  now: Date
): Promise<void> {
  await tx.prisma.authenticator.create({
    data: { id: newId(), ...authenticator, createdAt: now }
  })
}

/** Uses up a time step and all before it; whether it was still to be had (MFA-01). */
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
 * Removes whatever second factor an account has or was about to get: authenticator, recovery codes,
 * and every sign-in that waits for one of them. For the owner who gives it up, and for an account that
 * passes to whoever proved its mailbox (contract A.3.2). Whether there was an authenticator.
 */
export async function dropSecondFactor(tx: Database, userId: string): Promise<boolean> {
  const { count } = await tx.prisma.authenticator.deleteMany({ where: { userId } })
  await tx.prisma.recoveryCode.deleteMany({ where: { userId } })
  await tx.prisma.mfaChallenge.deleteMany({ where: { userId } })
  await tx.prisma.pendingAuthenticator.deleteMany({ where: { session: { userId } } })
  return count > 0
}

/** One line of a person's own list. */
export type ListedAuthenticator = {
  readonly id: string
  readonly type: 'totp' | 'recovery_codes'
  readonly createdAt: Date
  readonly lastUsedAt: Date | null
  /** Of recovery codes: how many are left. */
  readonly codesLeft?: number
}

/** The authenticator of an account and its set of recovery codes. Nothing in it opens anything (MFA-20). */
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
