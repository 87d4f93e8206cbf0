import type { Config } from '../base/config/load.js'
import { type Sql, sql } from '../base/database/sql.js'
import { Problem } from '../base/errors/problem.js'
import type { AuthenticationMethod } from '../sessions/session.js'

type Mode = Pick<Config, 'JWT_ALLAUTH_MFA_TOTP_MODE'>

/** @throws {Problem} `mfa_disabled`. */
export function requireMfaOn({ JWT_ALLAUTH_MFA_TOTP_MODE: mode }: Mode): void {
  if (mode === 'disabled') throw new Problem('mfa_disabled')
}

/** @throws {Problem} `mfa_required_by_policy` when the mode requires the second factor; `mfa_disabled`. */
export function requireMfaOptional(config: Mode): void {
  requireMfaOn(config)
  if (config.JWT_ALLAUTH_MFA_TOTP_MODE === 'required') throw new Problem('mfa_required_by_policy')
}

const factors: readonly AuthenticationMethod[] = ['otp', 'rc']

/** Whether the authentication methods include a second factor. */
export const hasFactor = (amr: readonly string[]): boolean =>
  factors.some(factor => amr.includes(factor))

/** {@link hasFactor} of an SQL array. */
export const hasFactorSql = (amr: Sql): Sql => sql`(${amr} && ARRAY['otp', 'rc'])`

/** SQL: whether a sign-in of an account asks for its second factor. */
export const asksForFactor = ({ JWT_ALLAUTH_MFA_TOTP_MODE: mode }: Mode, userId: Sql): Sql =>
  mode === 'disabled'
    ? sql`false`
    : sql`EXISTS (SELECT FROM "Authenticator" a WHERE a."userId" = ${userId})`

/**
 * SQL: whether the authentication methods are enough for a session under the mode. The statements that
 * create, rotate and authenticate a session contain it, so that no flow can forget the check (MFA-10) and
 * a stricter mode also applies to existing sessions (MFA-24). The mode is a text of its own: as a value it
 * would make PostgreSQL plan each call again.
 */
export const satisfiesPolicy = (
  { JWT_ALLAUTH_MFA_TOTP_MODE: mode }: Mode,
  amr: Sql,
  userId: Sql
): Sql => {
  if (mode === 'disabled') return sql`true`
  if (mode === 'required') return hasFactorSql(amr)
  return sql`(${hasFactorSql(amr)} OR NOT EXISTS (SELECT FROM "Authenticator" a WHERE a."userId" = ${userId}))`
}

/** The name of a statement that contains one of the two, which are other texts under each mode. */
export const underPolicy = ({ JWT_ALLAUTH_MFA_TOTP_MODE: mode }: Mode, name: string): string =>
  `${name}-mfa-${mode}`
