import type { Config } from '../base/config/load.js'
import { areClaimsOf, isExpired, isUuid, seconds } from './claims.js'
import type { Jws } from './jws.js'

/** Flows of several pages in a browser. The cookie of a flow contains the id of a row, and the row decides. */
export const flowKinds = [
  'password_reset',
  'set_password',
  'email_verification',
  'email_change',
  'email_change_undo',
  'account_deletion_undo',
  'mfa',
  'recovery_codes'
] as const
export type FlowKind = (typeof flowKinds)[number]

export type FlowCookie = {
  /** A cookie for a row until `until`, but not longer than `longestSeconds`. `maxAge` is in seconds. */
  issue(rowId: string, until?: Date): { token: string; maxAge: number }
  /** The id of the row; null for an expired cookie or one of another kind. */
  read(token: string): string | null
}

type Parts = {
  readonly config: Pick<Config, 'PUBLIC_URL'>
  readonly clock: () => Date
  /** Signs with a key of this kind only, so a cookie is not valid for another kind (JWT-06, CAP-02). */
  readonly jws: Jws
  readonly kind: FlowKind
  readonly longestSeconds: number
}

/** A signed cookie without a secret: the state of a link or a challenge is in its row. */
export function createFlowCookie({ config, clock, jws, kind, longestSeconds }: Parts): FlowCookie {
  const issuer = config.PUBLIC_URL
  const expected = { issuer, audience: `${issuer}/flow/${kind}`, tokenType: kind }
  return {
    issue(rowId, until) {
      const now = seconds(clock())
      const longest = now + longestSeconds
      const exp = until === undefined ? longest : Math.min(longest, seconds(until))
      const { audience: aud, tokenType: token_type } = expected
      const token = jws.sign({ iss: issuer, aud, token_type, iat: now, exp, row: rowId })
      return { token, maxAge: Math.max(0, exp - now) }
    },
    read(token) {
      const claims = jws.verify(token)
      if (claims === null || !areClaimsOf(claims, expected, clock()) || isExpired(claims, clock()))
        return null
      return isUuid(claims.row) ? claims.row : null
    }
  }
}
