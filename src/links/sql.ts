import { isUniqueViolation } from '../base/database/failures.js'
import { retried } from '../base/database/retried.js'
import { type Sql, sql } from '../base/database/sql.js'

/** A link without an epoch outlives a change of credentials. */
const ofEpoch = sql`AND COALESCE(l."credentialEpoch" = u."credentialEpoch", true)`

/**
 * Whether a link `l` of an account `u` may still do what it is for. `anyEpoch`: one that a change of
 * credentials has voided counts too.
 */
export const liveLink = ({ anyEpoch = false } = {}): Sql => sql`
  (l."supersededAt" IS NULL AND l."redeemedAt" IS NULL AND l."expiresAt" > now() AND u."isActive"
    ${anyEpoch ? sql`` : ofEpoch})`

type NewLink = {
  readonly id: string
  readonly digest: string
  readonly codeDigest: string | null
  /** These may use `a`, the account. */
  readonly purpose: Sql
  readonly seconds: Sql
  readonly signUp: Sql
}

/**
 * Replaces the live link of an account as part of one statement: CTE `superseded`, then CTE `link`
 * with its `id`. `account` is a CTE of at most one locked account.
 */
export const replaceLink = (
  account: Sql,
  { id, digest, codeDigest, purpose, seconds, signUp }: NewLink
): Sql => sql`
superseded AS (
  UPDATE "Link" old SET "supersededAt" = now() FROM ${account} a
  WHERE old."userId" = a."id" AND old."purpose" = (${purpose})::"LinkPurpose" AND old."supersededAt" IS NULL
  RETURNING old."signUp"
), link AS (
  INSERT INTO "Link" ("id", "userId", "purpose", "digest", "codeDigest", "address", "credentialEpoch", "signUp",
    "createdAt", "expiresAt")
  SELECT ${id}::uuid, a."id", (${purpose})::"LinkPurpose", ${digest}::text, ${codeDigest}::text, a."email",
    a."credentialEpoch", ${signUp}, now(), now() + make_interval(secs => ${seconds})
  -- Counting them first makes the old link give up its place before this one takes it.
  FROM ${account} a, (SELECT count(*) FROM superseded) AS replaced
  RETURNING "id"
)`

/**
 * Runs such a statement, and again where another one was faster. While it waited for the account it
 * went on seeing what there was before the wait: the link that was made meanwhile is then in the way
 * of its own, and the index of live links refuses it. A retry is safe: the index refuses this link only
 * when another request has just made one.
 */
export const untilReplaced = <T>(work: () => Promise<T>): Promise<T> =>
  retried(20, isUniqueViolation, work)
