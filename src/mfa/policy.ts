import type { AuthenticationMethod } from '../sessions/session.js'

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
