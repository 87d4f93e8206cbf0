import type { Database } from '../base/database/database.js'
import { inBatches, oneBatch } from '../base/database/in-batches.js'
import { type Sql, sql } from '../base/database/sql.js'
import type { EmailAddress } from '../base/email-address.js'
import type { Deps } from '../deps.js'
import { createLink, extendUndoLinks, type LinkSecret } from '../links/link.js'
import type { LockedAccount } from './lock.js'

/** How long a right stays open after the last change. */
const openSeconds = 72 * 3600

const isOpen = sql`r."expiresAt" > now()`

/** Whether an account `u` has an open undo right that reserves this address. */
export const reservesAddress = (email: EmailAddress): Sql => sql`
  EXISTS (SELECT FROM "UndoRight" r
    WHERE r."userId" = u."id" AND r."address" = ${email}::text AND ${isOpen})`

/**
 * Whether an account `u` has this address or reserves it. The second half is checked again when the
 * statement has waited for the row lock of the account.
 */
export const holdsAddress = (email: EmailAddress): Sql => sql`
  (u."id" IN (SELECT h."id" FROM "User" h WHERE h."email" = ${email}::text
    UNION ALL SELECT r."userId" FROM "UndoRight" r WHERE r."address" = ${email}::text AND ${isOpen})
  AND (u."email" = ${email}::text OR ${reservesAddress(email)}))`

/** `isOnly`: no earlier link of the right is open. */
type Link = { readonly id: string; readonly secret: LinkSecret; readonly isOnly: boolean }

/**
 * Opens the undo right of an account before a change that could take the account away, in a transaction
 * that has locked the account. The right belongs to the present address. An open one stays as it is and
 * ends later, so a thief who changes the address twice gets no right.
 *
 * @returns a link for the mail to the present address; undefined when the right belongs to another address,
 *   and where no right arises: without mail, and for an unverified address, which may belong to another
 *   person.
 */
export async function openUndoRight(
  tx: Database,
  deps: Pick<Deps, 'config' | 'clock' | 'linkCodeKey'>,
  { id: userId, email, emailVerifiedAt }: Pick<LockedAccount, 'id' | 'email' | 'emailVerifiedAt'>
): Promise<Link | undefined> {
  if (deps.config.EMAIL_DISABLED || emailVerifiedAt === null) return undefined
  const now = deps.clock()
  const statement = sql`
    INSERT INTO "UndoRight" AS r ("userId", "address", "authenticatorId", "createdAt", "expiresAt")
    SELECT u."id", u."email", (SELECT a."id" FROM "Authenticator" a WHERE a."userId" = u."id"),
      ${now}::timestamptz, now() + make_interval(secs => ${openSeconds}::float8)
    FROM "User" u WHERE u."id" = ${userId}::uuid
    ON CONFLICT ("userId") DO UPDATE SET
      "address" = CASE WHEN ${isOpen} THEN r."address" ELSE EXCLUDED."address" END,
      "authenticatorId" = CASE WHEN ${isOpen} THEN r."authenticatorId" ELSE EXCLUDED."authenticatorId" END,
      "createdAt" = CASE WHEN ${isOpen} THEN r."createdAt" ELSE EXCLUDED."createdAt" END,
      "expiresAt" = EXCLUDED."expiresAt"
    RETURNING "address", "expiresAt"`
  const [right] = await tx.run<{ address: string; expiresAt: Date }>('open-undo-right', statement)
  if (right === undefined) return undefined
  const { address, expiresAt } = right
  // The link has no epoch, so that a thief who then changes the password does not void it.
  const earlier = await extendUndoLinks(tx, userId, { now, expiresAt })
  if (address !== email) return undefined
  const link = await createLink(tx, deps, {
    userId,
    purpose: 'email_change_undo',
    address,
    credentialEpoch: null,
    lifetimeSeconds: openSeconds
  })
  return { ...link, isOnly: earlier === 0 }
}

/** The address and end of the open undo right of an account; null without one. */
export async function readUndoRight(
  tx: Database,
  userId: string
): Promise<{ address: string; expiresAt: Date } | null> {
  const statement = sql`
    SELECT r."address", r."expiresAt" FROM "UndoRight" r WHERE r."userId" = ${userId}::uuid AND ${isOpen}`
  type Right = { address: string; expiresAt: Date }
  return (await tx.run<Right>('read-undo-right', statement))[0] ?? null
}

/** What an account had when its right arose. */
export type UndoRight = { readonly authenticatorId: string | null; readonly since: Date }

/**
 * Uses up the undo right of an account that this transaction has locked. The address is free again when the
 * transaction commits.
 *
 * @returns null without an open right of this address.
 */
export async function spendUndoRight(
  tx: Database,
  { userId, address }: { userId: string; address: string }
): Promise<UndoRight | null> {
  const statement = sql`
    DELETE FROM "UndoRight" r
    WHERE r."userId" = ${userId}::uuid AND r."address" = ${address}::text AND ${isOpen}
    RETURNING r."authenticatorId", r."createdAt" AS "since"`
  return (await tx.run<UndoRight>('spend-undo-right', statement))[0] ?? null
}

/** Ends the undo right of an account, so that its reserved address is free. */
export async function closeUndoRight(tx: Database, userId: string): Promise<void> {
  await tx.prisma.undoRight.deleteMany({ where: { userId } })
}

const purgeExpired = sql`
DELETE FROM "UndoRight" WHERE "userId" IN (
  SELECT "userId" FROM "UndoRight" WHERE "expiresAt" < now() ${oneBatch} FOR UPDATE SKIP LOCKED)
RETURNING 1`

/** Removes undo rights that have expired, and returns how many. */
export const purgeUndoRights = (db: Database): Promise<number> =>
  inBatches(db, 'purge-undo-rights', purgeExpired)
