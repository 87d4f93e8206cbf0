import { record } from '../audit/record.js'
import type { Database } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'
import type { EmailAddress } from '../base/email-address.js'
import type { Sender } from '../sender.js'

type Holder = { readonly emailVerifiedAt: Date | null; readonly isActive: boolean }

/**
 * Whether an account gives its address to a person who proves the mailbox: it never proved it itself. A
 * disabled account keeps its address, because only an operator may free it.
 */
export const yieldsAddress = ({ emailVerifiedAt, isActive }: Holder): boolean =>
  emailVerifiedAt === null && isActive

/**
 * Deletes the account at an address that never proved it, in a transaction in which the person `userId` has
 * just proved the mailbox. Its sessions, links, invitation and mails end with it; the trail keeps its id. Any
 * other account at the address stays, and the unique index refuses the change of address.
 */
export async function yieldUnproven(
  tx: Database,
  { email, userId }: { readonly email: EmailAddress; readonly userId: string },
  sender: Sender
): Promise<void> {
  const statement = sql`
    DELETE FROM "User" WHERE "email" = ${email}::text AND "id" <> ${userId}::uuid
      AND "emailVerifiedAt" IS NULL AND "isActive"
    RETURNING "id"`
  const [gone] = await tx.run<{ id: string }>('yield-unproven-account', statement)
  if (gone === undefined) return
  await record(tx, { event: 'account.yielded', actorId: null, subjectId: gone.id, sender })
}
