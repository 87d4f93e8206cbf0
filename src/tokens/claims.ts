import type { Claims } from './jws.js'

/** Clocks of two of our instances may differ by this much in `iat` and `nbf`; never in `exp`. */
const toleranceSeconds = 60

type Expected = { readonly issuer: string; readonly audience: string; readonly tokenType: string }

/**
 * Whether the claims are of the kind that is asked for: one issuer, one audience and one type, each
 * a text equal to ours, and whole non-negative times that do not lie ahead (RFC 7519 §4.1). Expiry
 * is asked for apart: a refresh token's session may have more to say about it.
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

/** Whether `exp` has come. No tolerance. */
export const isExpired = (claims: Claims, now: Date): boolean =>
  (claims.exp as number) <= now.getTime() / 1000

/** Whole seconds since the epoch, as tokens count. */
export const seconds = (date: Date): number => Math.floor(date.getTime() / 1000)

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** A claim that names a row; only such a text is ever handed to the database. */
export function isUuid(value: unknown): value is string {
  return typeof value === 'string' && uuid.test(value)
}
