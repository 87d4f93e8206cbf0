import type { Config } from '../base/config/load.js'
import { type Sql, sql } from '../base/database/sql.js'
import type { EmailAddress } from '../base/email-address.js'

/** Whether an account `u` may have a session: active, and with a verified address where that is mandatory. */
export const maySignIn = ({ EMAIL_VERIFICATION }: Pick<Config, 'EMAIL_VERIFICATION'>): Sql => sql`
  (u."isActive" AND (NOT ${EMAIL_VERIFICATION === 'mandatory'}::boolean OR u."emailVerifiedAt" IS NOT NULL))`

/** Whether an account `u` has an owner: no later sign-up and no invitation may replace it. */
export const isClaimed = sql`
  (u."emailVerifiedAt" IS NOT NULL OR u."lastLoginAt" IS NOT NULL OR NOT u."isActive"
    OR (u."passwordHash" IS NOT NULL AND u."role" <> 0))`

/**
 * CTE `u`: the account that signs in, if it may, its epoch is unchanged and `condition` holds. Its row
 * lock makes a parallel statement that raises the epoch wait, or this one wait for that.
 */
export const stampSignIn = (
  config: Pick<Config, 'EMAIL_VERIFICATION'>,
  { userId, credentialEpoch }: { readonly userId: string; readonly credentialEpoch: number },
  condition: Sql
): Sql => sql`
u AS (
  UPDATE "User" u SET "lastLoginAt" = now()
  WHERE u."id" = ${userId}::uuid AND u."credentialEpoch" = ${credentialEpoch}::int4 AND ${maySignIn(config)}
    AND ${condition}
  RETURNING u.*
)`

type SignUp = {
  readonly id: string
  readonly email: EmailAddress
  readonly passwordHash: string
  readonly firstName: string
  readonly lastName: string
  readonly locale: string
}

/** CTE `created`: the account of a sign-up, if CTE `taken` is empty and no parallel sign-up takes the address. */
export const insertSignUp = (account: SignUp): Sql => sql`
created AS (
  INSERT INTO "User" ("id", "email", "passwordHash", "firstName", "lastName", "locale", "createdAt")
  SELECT ${account.id}::uuid, ${account.email}::text, ${account.passwordHash}::text, ${account.firstName}::text,
    ${account.lastName}::text, ${account.locale}::text, now()
  WHERE NOT EXISTS (SELECT FROM taken)
  ON CONFLICT ("email") DO NOTHING
  RETURNING "id", "email", "locale", "credentialEpoch"
)`
