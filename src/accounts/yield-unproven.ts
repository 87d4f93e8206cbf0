import { record } from '../audit/record.js'
import type { Database } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'
import type { EmailAddress } from '../base/email-address.js'
import type { Sender } from '../sender.js'
import { holdsAddress } from './undo-right.js'

type Holder = { readonly emailVerifiedAt: Date | null; readonly isActive: boolean }

/**
 * Whether an account gives its address to a person who proves the mailbox: it never proved it itself. A
 * disabled account keeps its address, because only an operator may free it.
 */
export const yieldsAddress = ({ emailVerifiedAt, isActive }: Holder): boolean =>
  emailVerifiedAt === null && isActive

/** {@link yieldsAddress} of an account `u` in SQL. */
export const isUnproven = sql`(u."emailVerifiedAt" IS NULL AND u."isActive")`

/** The account that has an address or reserves it. */
type AddressHolder = Holder & { readonly id: string; readonly locale: string | null }

/** Finds the account that has an address, or reserves it. Only a hint: PostgreSQL decides at the write. */
export async function findAddressHolder(
  db: Database,
  email: EmailAddress
): Promise<AddressHolder | null> {
  const statement = sql`
    SELECT u."id", u."locale", u."emailVerifiedAt", u."isActive" FROM "User" u WHERE ${holdsAddress(email)}`
  return (await db.run<AddressHolder>('find-address-holder', statement))[0] ?? null
}

/**
 * Deletes the account at an address that never proved it, in a transaction in which another person has
 * just proved the mailbox: with the account `userId`, or by an invitation (null). Its sessions, links,
 * invitation and mails end with it; the trail keeps its id. Any other account at the address stays, and the
 * unique index refuses the change of address.
 */
export async function yieldUnproven(
  tx: Database,
  { email, userId }: { readonly email: EmailAddress; readonly userId: string | null },
  sender: Sender
): Promise<void> {
  const statement = sql`
    DELETE FROM "User" u WHERE u."email" = ${email}::text AND u."id" IS DISTINCT FROM ${userId}::uuid
      AND ${isUnproven}
    RETURNING u."id"`
  const [gone] = await tx.run<{ id: string }>('yield-unproven-account', statement)
  if (gone === undefined) return
  await record(tx, { event: 'account.yielded', actorId: null, subjectId: gone.id, sender })
}
