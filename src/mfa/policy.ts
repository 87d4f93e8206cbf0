import type { Config } from '../base/config/load.js'
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

const list = factors.map(factor => `'${factor}'`).join(', ')

/** The same over an SQL array. */
export const hasFactorSql = (amr: string): string => `(${amr} && ARRAY[${list}])`

type Expressions = {
  /** The parameter that holds `JWT_ALLAUTH_MFA_TOTP_MODE`. */
  readonly mode: string
  readonly amr: string
  readonly userId: string
}

/**
 * SQL: whether what was proven is enough for a session under the mode. It stands in the statements
 * that mint, rotate and authenticate, so that no flow can forget to ask (MFA-10), and a mode that
 * becomes stricter reaches the sessions of before (MFA-24).
 */
export const satisfiesMode = ({ mode, amr, userId }: Expressions): string => `
CASE ${mode}::text
  WHEN 'disabled' THEN true
  WHEN 'optional' THEN ${hasFactorSql(amr)}
    OR NOT EXISTS (SELECT FROM "Authenticator" a WHERE a."userId" = ${userId})
  ELSE ${hasFactorSql(amr)}
END`
