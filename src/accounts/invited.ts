import { newId } from '../base/crypto/random.js'
import type { Database } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'
import type { EmailAddress } from '../base/email-address.js'
import { liveLink } from '../links/sql.js'
import { withEmailTaken } from './account.js'
import { isClaimed } from './sql.js'
import { holdsAddress, reservesAddress } from './undo-right.js'
import { isUnproven } from './yield-unproven.js'

type Invited = {
  readonly email: EmailAddress
  readonly role: number
  readonly firstName: string
  readonly lastName: string
  readonly locale: string
}

/** The locked account that has or reserves an address. `claimed`: as {@link isClaimed} says, or reserved. */
export type AccountAtAddress = {
  readonly id: string
  readonly claimed: boolean
  /** Whether the account is in use, but gives way when an invited person proves the mailbox. */
  readonly yields: boolean
  readonly role: number
}

/** Locks the account that has or reserves an address for the rest of the transaction; null without one. */
export async function lockByEmail(
  tx: Database,
  email: EmailAddress
): Promise<AccountAtAddress | null> {
  const statement = sql`
    SELECT u."id", u."role", ${isClaimed} OR ${reservesAddress(email)} AS "claimed",
      ${isUnproven} AND u."lastLoginAt" IS NOT NULL AS "yields"
    FROM "User" u WHERE ${holdsAddress(email)} FOR NO KEY UPDATE OF u`
  const [account] = await tx.run<AccountAtAddress>('lock-by-email', statement)
  return account ?? null
}

/**
 * Creates the account of an invited person, without a password, and returns its id. Null when a parallel transaction took
 * the address; the transaction can go on.
 *
 * @throws {Problem} `email_taken`, when a parallel transaction has reserved the address.
 */
export async function createInvited(
  tx: Database,
  invited: Invited,
  now: Date
): Promise<string | null> {
  const [created] = await withEmailTaken(() =>
    tx.prisma.user.createManyAndReturn({
      data: [{ id: newId(), ...invited, createdAt: now }],
      skipDuplicates: true,
      select: { id: true }
    })
  )
  return created?.id ?? null
}

/**
 * Turns an unclaimed account into an invited one. It loses the password of an unverified sign-up and
 * the role of an earlier invitation (ADM-05).
 */
export async function reinvite(
  tx: Database,
  id: string,
  { email: _, locale: __, ...invited }: Invited
): Promise<void> {
  await tx.prisma.user.update({
    where: { id },
    data: { ...invited, passwordHash: null, credentialEpoch: { increment: 1 } }
  })
}

/** Removes an invited account whose invitation was not accepted; false when it was. */
export async function removeInvited(tx: Database, userId: string): Promise<boolean> {
  const { count } = await tx.prisma.user.deleteMany({
    where: { id: userId, passwordHash: null, emailVerifiedAt: null, lastLoginAt: null }
  })
  return count > 0
}

/**
 * Removes the account of an expired invitation, so that its address can sign up (ADM-06). A disabled
 * account stays.
 */
export async function releaseLapsedInvitation(tx: Database, email: EmailAddress): Promise<void> {
  const statement = sql`
    DELETE FROM "User" u USING "Invitation" i
    WHERE u."email" = ${email}::text AND i."userId" = u."id" AND i."acceptedAt" IS NULL
      AND u."passwordHash" IS NULL AND u."emailVerifiedAt" IS NULL AND u."lastLoginAt" IS NULL AND u."isActive"
      AND NOT EXISTS (SELECT FROM "Link" l
        WHERE l."userId" = u."id" AND l."purpose" = 'invitation' AND ${liveLink})`
  await tx.run('release-lapsed-invitation', statement)
}
