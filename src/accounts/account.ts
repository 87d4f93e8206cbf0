import { newId } from '../base/crypto/random.js'
import type { Database } from '../base/database/database.js'
import { isUniqueViolation } from '../base/database/failures.js'
import { sql } from '../base/database/sql.js'
import type { EmailAddress } from '../base/email-address.js'
import { Problem } from '../base/errors/problem.js'
import { eraseSignUps } from '../links/link.js'

/** The fields of an account that tokens and answers need, without the password hash. */
export type Account = {
  readonly id: string
  readonly email: string
  readonly emailVerifiedAt: Date | null
  readonly firstName: string
  readonly lastName: string
  readonly role: number
  readonly isActive: boolean
  readonly credentialEpoch: number
  readonly locale: string | null
  readonly createdAt: Date
  /** Its key in the installation that it was imported from; null: it was created here. */
  readonly legacyId: string | null
}

export type UserColumns = {
  [Field in keyof Account as `user${Capitalize<Field>}`]: Account[Field]
}

/** Selects {@link UserColumns} from an account `u`. */
export const userColumns = sql`
  u."id" AS "userId", u."email" AS "userEmail", u."emailVerifiedAt" AS "userEmailVerifiedAt",
  u."firstName" AS "userFirstName", u."lastName" AS "userLastName", u."role" AS "userRole",
  u."isActive" AS "userIsActive", u."credentialEpoch" AS "userCredentialEpoch",
  u."locale" AS "userLocale", u."createdAt" AS "userCreatedAt",
  u."legacyId" AS "userLegacyId"`

export function accountOf(row: UserColumns): Account {
  return {
    id: row.userId,
    email: row.userEmail,
    emailVerifiedAt: row.userEmailVerifiedAt,
    firstName: row.userFirstName,
    lastName: row.userLastName,
    role: row.userRole,
    isActive: row.userIsActive,
    credentialEpoch: row.userCredentialEpoch,
    locale: row.userLocale,
    createdAt: row.userCreatedAt,
    legacyId: row.userLegacyId
  }
}

/** An old number as a number, as that installation's own code expects it; other keys as text. */
export const legacyKey = (legacyId: string | null): string | number | null =>
  legacyId !== null && /^(0|[1-9]\d{0,14})$/.test(legacyId) ? Number(legacyId) : legacyId

type NewAccount = {
  readonly email: EmailAddress
  readonly passwordHash: string | null
  readonly firstName: string
  readonly lastName: string
  readonly emailVerifiedAt: Date | null
  readonly locale: string
  readonly createdAt: Date
}

/**
 * Creates an account and returns its id and epoch. The unique index lets one of several parallel
 * sign-ups with the same address succeed.
 *
 * @throws {Problem} `email_taken`, on `email`, when the address has an account or is reserved.
 */
export async function createAccount(
  db: Database,
  account: NewAccount
): Promise<{ userId: string; credentialEpoch: number }> {
  const { id, credentialEpoch } = await withEmailTaken(() =>
    db.prisma.user.create({
      data: { id: newId(), ...account },
      select: { id: true, credentialEpoch: true }
    })
  )
  return { userId: id, credentialEpoch }
}

/** Stores names, and the language of mails and pages. */
export async function setProfile(
  db: Database,
  userId: string,
  profile: Pick<Account, 'firstName' | 'lastName' | 'locale'>
): Promise<void> {
  await db.prisma.user.updateMany({ where: { id: userId }, data: profile })
}

/**
 * Replaces the address and raises the credential epoch, which voids the links in the old mailbox.
 * Sessions stay.
 *
 * @throws {Problem} `email_taken`, on `email`, when another account has the address or it is reserved.
 */
export async function setAddress(
  db: Database,
  userId: string,
  { email, emailVerifiedAt }: { email: EmailAddress; emailVerifiedAt: Date | null }
): Promise<void> {
  await withEmailTaken(() =>
    db.prisma.user.updateMany({
      where: { id: userId },
      data: { email, emailVerifiedAt, credentialEpoch: { increment: 1 } }
    })
  )
}

/** Raises the credential epoch of an account that this transaction has locked; returns the new epoch. */
export async function raiseCredentialEpoch(
  tx: Database,
  userId: string,
  data: { passwordHash?: string } = {}
): Promise<number> {
  const { credentialEpoch } = await tx.prisma.user.update({
    where: { id: userId },
    data: { ...data, credentialEpoch: { increment: 1 } },
    select: { credentialEpoch: true }
  })
  return credentialEpoch
}

/**
 * Replaces the password of an account that this transaction has locked; returns the new epoch. A later
 * confirmation must not bring the password of the sign-up back.
 */
export async function replacePassword(
  tx: Database,
  userId: string,
  passwordHash: string
): Promise<number> {
  await eraseSignUps(tx, userId)
  return raiseCredentialEpoch(tx, userId, { passwordHash })
}

/** Stores a hash with new parameters, unless the password has changed meanwhile (HSH-03). */
export async function upgradePasswordHash(
  db: Database,
  userId: string,
  { from, to }: { from: string; to: string }
): Promise<void> {
  await db.transaction(async tx => {
    const where = { id: userId, passwordHash: from }
    const { count } = await tx.prisma.user.updateMany({ where, data: { passwordHash: to } })
    if (count > 0) await eraseSignUps(tx, userId)
  })
}

/** The address has an account. Only for flows that may reveal this. */
export const emailTaken = (): Problem =>
  new Problem('email_taken', { fields: { email: [{ code: 'email_taken' }] } })

/** Runs a write. @throws {Problem} `email_taken`, when an account has or reserves the address. */
export async function withEmailTaken<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    throw isUniqueViolation(error) ? emailTaken() : error
  }
}

/** The fields that a password must not resemble; null without an active account. */
export async function readAccount(
  db: Database,
  userId: string
): Promise<{ email: string; firstName: string; lastName: string } | null> {
  return db.prisma.user.findFirst({
    where: { id: userId, isActive: true },
    select: { email: true, firstName: true, lastName: true }
  })
}

/** Enables or disables an account. The caller ends its sessions. */
export async function setActive(tx: Database, userId: string, isActive: boolean): Promise<void> {
  await tx.prisma.user.updateMany({ where: { id: userId }, data: { isActive } })
}

/** Changes the role of an account. Its next access token has the new role. */
export async function setAccountRole(tx: Database, userId: string, role: number): Promise<void> {
  await tx.prisma.user.updateMany({ where: { id: userId }, data: { role } })
}
