import { type Account, accountOf, type UserColumns, userColumns } from '../accounts/account.js'
import type { Config } from '../base/config/load.js'
import { type Sql, sql } from '../base/database/sql.js'
import type { Transport } from '../sender.js'

/** How a person authenticated (RFC 8176): password, one-time code, recovery code, mailed link. */
export type AuthenticationMethod = 'pwd' | 'otp' | 'rc' | 'email'

/** A session that was just created or rotated, with the contents of its two tokens. */
export type Session = {
  readonly user: Account
  readonly sessionId: string
  /** The refresh token: its `jti`, the `jti` it came from, and how many were used before it. */
  readonly jti: string
  readonly parentJti: string | null
  readonly generation: number
  readonly transport: Transport
  readonly createdAt: Date
  readonly authTime: Date
  readonly amr: readonly AuthenticationMethod[]
  readonly expiresAt: Date
}

/** A refresh token with a valid signature. Its session decides whether it can be used. */
export type RefreshToken = {
  readonly sessionId: string
  readonly userId: string
  readonly jti: string
  /** Null in a token of an earlier version, as is `generation`. */
  readonly parentJti: string | null
  readonly generation: number | null
  /** The `exp` of the token has passed. */
  readonly expired: boolean
  readonly transport: Transport
}

export type SessionRow = UserColumns & Omit<Session, 'user'>

/** Selects a {@link SessionRow} from a session `s` and its account `u`. */
export const sessionColumns = sql`${userColumns},
  s."id" AS "sessionId", s."jti", s."previousJti" AS "parentJti", s."generation", s."transport"::text, s."createdAt", s."authTime", s."amr", s."expiresAt"`

/** Whether a session `s` has not ended. */
export const liveSession = sql`s."expiresAt" > now()`

/** When a session ends, even if it is used; null: never. */
export const absoluteEnd = (config: Config, createdAt: Sql): Sql =>
  sql`${createdAt} + make_interval(secs => ${config.JWT_ALLAUTH_SESSION_LIFETIME}::float8)`

/** When a session ends if it is used now and not again. */
export const nextEnd = (config: Config, createdAt: Sql): Sql => sql`
  LEAST(now() + make_interval(secs => ${config.JWT_ALLAUTH_REFRESH_TOKEN_LIFETIME}::float8),
    ${absoluteEnd(config, createdAt)})`

export function sessionOf({ sessionId, jti, parentJti, generation, ...row }: SessionRow): Session {
  const { transport, createdAt, authTime, amr, expiresAt } = row
  const token = { sessionId, jti, parentJti, generation, transport }
  return { user: accountOf(row), ...token, createdAt, authTime, amr, expiresAt }
}

// What a session `s` knows of a refresh token, as SQL conditions. docs/decisions/006 has the rule in full.

/** The grace in seconds; 0 is the strict mode, in which each token is used once. */
export const graceOf = ({ REFRESH_REUSE_GRACE_SECONDS: seconds }: Config) => sql`${seconds}::float8`

/** A child of the token that was used last. A token of an earlier version names no parent. */
export const isChild = ({ parentJti, jti }: RefreshToken) =>
  sql`COALESCE(${parentJti}::uuid = s."previousJti", s."jti" = ${jti}::uuid)`
/** The token that was used last. */
export const isUsed = ({ jti }: RefreshToken) =>
  sql`COALESCE(s."previousJti" = ${jti}::uuid, false)`
/** The one that was used before it, or another child of that: an answer that came late has put it into the store. */
export const isLate = ({ parentJti, jti }: RefreshToken, config: Config) => sql`
  COALESCE(s."usedBeforeJti" IN (${jti}::uuid, ${parentJti}::uuid)
    AND s."rotatedAt" > now() - make_interval(secs => ${graceOf(config)}), false)`
/** A generation that the database does not know: it has forgotten, in a failover or a restore. */
export const isUnknown = ({ generation }: RefreshToken) =>
  sql`COALESCE(${generation}::int4 > s."generation", false)`
/** Whether the newest unused token was made within the grace. */
export const isYoung = (config: Config) =>
  sql`COALESCE(s."nextAt" > now() - make_interval(secs => ${graceOf(config)}), false)`

/**
 * Whether a session still takes a refresh token; any other with a valid signature is stolen. In the
 * strict mode only the newest one counts.
 */
export const takesToken = (token: RefreshToken, config: Config): Sql => sql`
  CASE WHEN ${graceOf(config)} = 0 THEN s."jti" = ${token.jti}::uuid
    ELSE ${isChild(token)} OR ${isUsed(token)} OR ${isLate(token, config)} OR ${isUnknown(token)} END`
