import type { Config } from '../base/config/load.js'
import { type Sql, sql } from '../base/database/sql.js'
import type { RefreshToken } from './session.js'

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
