import type { Database, Statement } from '../base/database/database.js'

/** How a person proved who they are (RFC 8176): password, one-time code, recovery code, mailed link. */
export type AuthenticationMethod = 'pwd' | 'otp' | 'rc' | 'email'

export type Transport = 'cookie' | 'body'

/** The account as tokens and answers need it; never the password hash. */
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
}

/** A session that was just minted or rotated: all that its two tokens say. */
export type Grant = {
  readonly user: Account
  readonly sessionId: string
  readonly jti: string
  readonly transport: Transport
  readonly createdAt: Date
  readonly authTime: Date
  readonly amr: readonly AuthenticationMethod[]
  readonly expiresAt: Date
}

/** What is kept of the device, when it may be kept at all. */
export type Device = { readonly ip: string | null; readonly userAgent: string | null }

export type UserColumns = {
  [Field in keyof Account as `user${Capitalize<Field>}`]: Account[Field]
}
export type GrantRow = UserColumns & Omit<Grant, 'user'>

/** Selects {@link UserColumns} from an account `u`. */
export const userColumns = `
  u."id" AS "userId", u."email" AS "userEmail", u."emailVerifiedAt" AS "userEmailVerifiedAt",
  u."firstName" AS "userFirstName", u."lastName" AS "userLastName", u."role" AS "userRole",
  u."isActive" AS "userIsActive", u."credentialEpoch" AS "userCredentialEpoch",
  u."locale" AS "userLocale", u."createdAt" AS "userCreatedAt"`

/** Selects a {@link GrantRow} from a session `s` and its account `u`. */
export const grantColumns = `${userColumns},
  s."id" AS "sessionId", s."jti", s."transport"::text, s."createdAt", s."authTime", s."amr", s."expiresAt"`

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
    createdAt: row.userCreatedAt
  }
}

export function grantOf(row: GrantRow): Grant {
  const { sessionId, jti, transport, createdAt, authTime, amr, expiresAt } = row
  return { user: accountOf(row), sessionId, jti, transport, createdAt, authTime, amr, expiresAt }
}

/** Runs a statement that yields at most one row. */
export async function firstRow<Row>(
  db: Database,
  statement: Statement,
  values: readonly unknown[]
): Promise<Row | null> {
  return (await db.run<Row>(statement, values))[0] ?? null
}
