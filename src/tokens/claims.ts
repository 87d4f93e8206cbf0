import type { Claims } from './jws.js'

/** Allowed clock difference between instances, for `iat` and `nbf`. `exp` has no tolerance. */
const toleranceSeconds = 60

type Expected = { readonly issuer: string; readonly audience: string; readonly tokenType: string }

/**
 * Checks issuer, audience and type, and that times are whole, non-negative and not in the future
 * (RFC 7519 §4.1). Expiry is checked separately, because the session decides about an expired refresh
 * token.
 */
export function areClaimsOf(claims: Claims, expected: Expected, now: Date): boolean {
  const latest = seconds(now) + toleranceSeconds
  return (
    claims.iss === expected.issuer &&
    claims.aud === expected.audience &&
    claims.token_type === expected.tokenType &&
    isTime(claims.exp) &&
    isTime(claims.iat) &&
    claims.iat <= latest &&
    (claims.nbf === undefined || (isTime(claims.nbf) && claims.nbf <= latest))
  )
}

/** Whether `exp` has passed, without tolerance. */
export const isExpired = (claims: Claims, now: Date): boolean =>
  (claims.exp as number) <= now.getTime() / 1000

/** Whole seconds since the epoch, as in claims. */
export const seconds = (date: Date): number => Math.floor(date.getTime() / 1000)

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Whether a claim has the form of a row id. Only such texts are sent to the database. */
export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && uuid.test(value)
}
