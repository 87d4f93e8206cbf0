import type { Config } from '../base/config/load.js'
import { type Sql, sql } from '../base/database/sql.js'
import { Problem } from '../base/errors/problem.js'
import type { AuthenticationMethod } from '../sessions/session.js'

type Mode = Pick<Config, 'JWT_ALLAUTH_MFA_TOTP_MODE'>

/** @throws {Problem} `mfa_disabled`. */
export function requireMfaOn({ JWT_ALLAUTH_MFA_TOTP_MODE: mode }: Mode): void {
  if (mode === 'disabled') throw new Problem('mfa_disabled')
}

/** @throws {Problem} `mfa_required_by_policy` where nobody may give the second factor up; `mfa_disabled`. */
export function requireMfaOptional(config: Mode): void {
  requireMfaOn(config)
  if (config.JWT_ALLAUTH_MFA_TOTP_MODE === 'required') throw new Problem('mfa_required_by_policy')
}

const factors: readonly AuthenticationMethod[] = ['otp', 'rc']

/** Whether a second factor is among what somebody proved. */
export const hasFactor = (amr: readonly string[]): boolean =>
  factors.some(factor => amr.includes(factor))

/** The same over an SQL array. */
export const hasFactorSql = (amr: Sql): Sql => sql`(${amr} && ARRAY['otp', 'rc'])`

/**
 * SQL: whether what was proven is enough for a session under the mode. It stands in the statements
 * that create, rotate and authenticate, so that no flow can forget to ask (MFA-10), and a mode that
 * becomes stricter reaches the sessions of before (MFA-24).
 */
export const satisfiesPolicy = (
  { JWT_ALLAUTH_MFA_TOTP_MODE: mode }: Pick<Config, 'JWT_ALLAUTH_MFA_TOTP_MODE'>,
  amr: Sql,
  userId: Sql
): Sql => sql`
  (${hasFactorSql(amr)} OR CASE ${mode}::text
    WHEN 'disabled' THEN true
    WHEN 'optional' THEN NOT EXISTS (SELECT FROM "Authenticator" a WHERE a."userId" = ${userId})
    ELSE false END)`
