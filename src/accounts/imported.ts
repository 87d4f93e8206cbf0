import { digest } from '../base/crypto/digest.js'
import { newId } from '../base/crypto/random.js'
import type { Database, Statements } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'
import type { EmailAddress } from '../base/email-address.js'
import type { LockedAccount } from './lock.js'

/** An account of another installation. */
export type ImportedProfile = {
  readonly email: EmailAddress
  readonly emailVerifiedAt: Date | null
  readonly firstName: string
  readonly lastName: string
  readonly role: number
  readonly isActive: boolean
}

type NewImported = ImportedProfile & {
  readonly id: string
  readonly legacyId: string | null
  readonly passwordHash: string | null
  readonly createdAt: Date
}

/** The values of one field, as a column for `unnest`. */
const column = <Row, Field extends keyof Row>(rows: readonly Row[], field: Field): Row[Field][] =>
  rows.map(row => row[field])

/** Creates accounts and returns the ids of those whose address and old number were free. */
export async function createImported(
  tx: Statements,
  accounts: readonly NewImported[]
): Promise<ReadonlySet<string>> {
  const created = await tx.run<{ id: string }>(
    'create-imported-accounts',
    sql`
    INSERT INTO "User" ("id", "email", "emailVerifiedAt", "passwordHash", "firstName", "lastName", "role",
      "isActive", "createdAt", "legacyId")
    SELECT * FROM unnest(${column(accounts, 'id')}::uuid[], ${column(accounts, 'email')}::text[],
      ${column(accounts, 'emailVerifiedAt')}::timestamptz[], ${column(accounts, 'passwordHash')}::text[],
      ${column(accounts, 'firstName')}::text[], ${column(accounts, 'lastName')}::text[],
      ${column(accounts, 'role')}::int4[], ${column(accounts, 'isActive')}::bool[],
      ${column(accounts, 'createdAt')}::timestamptz[], ${column(accounts, 'legacyId')}::text[])
    ON CONFLICT DO NOTHING
    RETURNING "id"`
  )
  return new Set(created.map(({ id }) => id))
}

/**
 * Writes what has changed in the other installation, to an account that this transaction has locked. The
 * caller has checked that the address is free.
 */
export async function updateImported(
  tx: Database,
  userId: string,
  profile: ImportedProfile,
  { passwordHash }: { passwordHash?: string | null } = {}
): Promise<void> {
  await tx.prisma.user.update({
    where: { id: userId },
    data: { ...profile, ...(passwordHash === undefined ? {} : { passwordHash }) }
  })
}

/** Adds old numbers to accounts that were imported without one. */
export async function setLegacyIds(
  tx: Statements,
  numbers: readonly { readonly userId: string; readonly legacyId: string }[]
): Promise<void> {
  if (numbers.length === 0) return
  await tx.run(
    'set-legacy-ids',
    sql`
    UPDATE "User" u SET "legacyId" = n."legacyId"
    FROM unnest(${column(numbers, 'userId')}::uuid[], ${column(numbers, 'legacyId')}::text[])
      AS n ("userId", "legacyId")
    WHERE u."id" = n."userId" AND u."legacyId" IS NULL`
  )
}

/**
 * Digest of what a person or an operator may change in an account. A renewed password hash does not change
 * it; another password does, by the credential epoch.
 */
export const accountDigest = ({
  email,
  emailVerifiedAt,
  firstName,
  lastName,
  role,
  isActive,
  credentialEpoch
}: Omit<LockedAccount, 'id' | 'passwordHash' | 'locale'>): string =>
  digest(
    JSON.stringify([
      email,
      emailVerifiedAt !== null,
      firstName,
      lastName,
      role,
      isActive,
      credentialEpoch
    ])
  )

type NewIdentity = { readonly userId: string; readonly provider: string; readonly uid: string }

/**
 * Stores social accounts, and returns how many are new. `taken` are those that belong to somebody else
 * already, by their place in `identities`.
 */
export async function addIdentities(
  tx: Statements,
  identities: readonly NewIdentity[]
): Promise<{ readonly added: number; readonly taken: readonly number[] }> {
  const [users, providers, uids] = [
    column(identities, 'userId'),
    column(identities, 'provider'),
    column(identities, 'uid')
  ]
  const added = await tx.run(
    'add-identities',
    sql`
    INSERT INTO "Identity" ("id", "userId", "provider", "uid", "createdAt")
    SELECT id, "userId", provider, uid, now()
    FROM unnest(${identities.map(newId)}::uuid[], ${users}::uuid[], ${providers}::text[], ${uids}::text[])
      AS n (id, "userId", provider, uid)
    ON CONFLICT DO NOTHING
    RETURNING 1`
  )
  const taken = await tx.run<{ place: number }>(
    'find-taken-identities',
    sql`
    SELECT n.place::int4 - 1 AS "place"
    FROM unnest(${users}::uuid[], ${providers}::text[], ${uids}::text[]) WITH ORDINALITY
      AS n ("userId", provider, uid, place)
    JOIN "Identity" i ON i."provider" = n.provider AND i."uid" = n.uid AND i."userId" <> n."userId"`
  )
  return { added: added.length, taken: column(taken, 'place') }
}
