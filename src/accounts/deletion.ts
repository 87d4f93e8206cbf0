import type { Database } from '../base/database/database.js'
import { type Sql, sql } from '../base/database/sql.js'
import { setActive } from './account.js'

/**
 * When an account is erased if it is closed now. It is not erased while an undo right is open, because a thief
 * who changed the address may have asked for the deletion.
 */
const erasure = (userId: string, graceSeconds: number): Sql => sql`
  GREATEST(now() + make_interval(secs => ${graceSeconds}::float8),
    (SELECT r."expiresAt" FROM "UndoRight" r WHERE r."userId" = ${userId}::uuid))`

type Term = { readonly graceSeconds: number }

/** When {@link beginDeletion} would have the account erased. */
export async function foreseeErasure(
  db: Database,
  userId: string,
  { graceSeconds }: Term
): Promise<Date> {
  const statement = sql`SELECT ${erasure(userId, graceSeconds)} AS "eraseAt"`
  const [row] = await db.run<{ eraseAt: Date }>('foresee-erasure', statement)
  return (row as { eraseAt: Date }).eraseAt
}

/** Disables an account that this transaction has locked, until it is erased. Returns when that is. */
export async function beginDeletion(
  tx: Database,
  userId: string,
  { graceSeconds }: Term
): Promise<Date> {
  await setActive(tx, userId, false)
  const statement = sql`
    INSERT INTO "AccountDeletion" ("userId", "requestedAt", "eraseAt")
    SELECT ${userId}::uuid, now(), ${erasure(userId, graceSeconds)}
    RETURNING "eraseAt"`
  const [row] = await tx.run<{ eraseAt: Date }>('begin-deletion', statement)
  return (row as { eraseAt: Date }).eraseAt
}

/** Ends the deletion of an account that stays disabled; false without one. */
export async function withdrawDeletion(tx: Database, userId: string): Promise<boolean> {
  const { count } = await tx.prisma.accountDeletion.deleteMany({ where: { userId } })
  return count > 0
}

/** Enables an account that waits for its deletion, which then is off; false without one. */
export async function keepAccount(tx: Database, userId: string): Promise<boolean> {
  const isDeleting = await withdrawDeletion(tx, userId)
  if (isDeleting) await setActive(tx, userId, true)
  return isDeleting
}

/** When an account is erased; null if it is not. */
export async function readDeletion(db: Database, userId: string): Promise<Date | null> {
  const where = { userId }
  const row = await db.prisma.accountDeletion.findUnique({ where, select: { eraseAt: true } })
  return row?.eraseAt ?? null
}

/** The accounts whose term is over, the longest waiting first. */
export async function findDueDeletions(db: Database, limit: number): Promise<string[]> {
  const statement = sql`
    SELECT "userId" FROM "AccountDeletion" WHERE "eraseAt" <= now() ORDER BY "eraseAt" LIMIT ${limit}::int4`
  const rows = await db.run<{ userId: string }>('find-due-deletions', statement)
  return rows.map(({ userId }) => userId)
}

/** Whether the term of an account is over, in a transaction that has locked the account. */
export async function isDeletionDue(tx: Database, userId: string): Promise<boolean> {
  const statement = sql`
    SELECT 1 FROM "AccountDeletion" WHERE "userId" = ${userId}::uuid AND "eraseAt" <= now()`
  return (await tx.run('is-deletion-due', statement)).length > 0
}

/**
 * Deletes an account and all rows that belong to it. Invitations that it sent stay without an inviter, and
 * events of the trail keep its id, which names nobody any more.
 */
export async function eraseAccount(tx: Database, userId: string): Promise<void> {
  await tx.prisma.user.deleteMany({ where: { id: userId } })
}

/** Params of a mail to an account that say when it is erased; empty if it is not. */
export const deletionParams = (userId: Sql): Sql => sql`
  COALESCE((SELECT jsonb_build_object('erasedAt', d."eraseAt") FROM "AccountDeletion" d WHERE d."userId" = ${userId}), '{}')`
