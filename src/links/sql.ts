import { isUniqueViolation } from '../base/database/failures.js'
import { retried } from '../base/database/retried.js'
import { type Sql, sql } from '../base/database/sql.js'

/** A link `l` that gives an account `u` back, while that waits for its deletion and is disabled. */
const undoesDeletion = sql`(l."purpose" IN ('email_change_undo', 'account_deletion_undo')
  AND EXISTS (SELECT FROM "AccountDeletion" d WHERE d."userId" = u."id"))`

/** Whether a link `l` of an account `u` can still be used. One without an epoch outlives a change of credentials. */
export const liveLink = sql`
  (l."supersededAt" IS NULL AND l."redeemedAt" IS NULL AND l."expiresAt" > now()
    AND (u."isActive" OR ${undoesDeletion})
    AND COALESCE(l."credentialEpoch" = u."credentialEpoch", true))`

/** Sign-ups of one address that may wait for their confirmation; a check of the table says so too. */
const maxPendingSignUps = 5

/** The first slot of an account `u` without a live confirmation link; NULL when all are taken. */
export const freeSlot = sql`
  (SELECT min(s."slot") FROM generate_series(0, ${maxPendingSignUps - 1}::int4) AS s("slot")
    WHERE NOT EXISTS (SELECT FROM "Link" l WHERE l."userId" = u."id" AND l."purpose" = 'email_verification'
      AND l."slot" = s."slot" AND ${liveLink}))`

type NewLink = {
  readonly id: string
  readonly digest: string
  readonly codeDigest: string | null
  /** These fragments may use the account `a`. */
  readonly purpose: Sql
  readonly slot: Sql
  readonly expiresAt: Sql
  readonly signUp: Sql
}

/**
 * CTEs `superseded` and `link` (with its `id`): replace the live link of an account in a slot. `account` is
 * a CTE with at most one locked account.
 */
export const replaceLink = (
  account: Sql,
  { id, digest, codeDigest, purpose, slot, expiresAt, signUp }: NewLink
): Sql => sql`
superseded AS (
  UPDATE "Link" old SET "supersededAt" = now() FROM ${account} a
  WHERE old."userId" = a."id" AND old."purpose" = (${purpose})::"LinkPurpose" AND old."slot" = (${slot})::int2
    AND old."supersededAt" IS NULL
  RETURNING old."signUp"
), link AS (
  INSERT INTO "Link" ("id", "userId", "purpose", "digest", "codeDigest", "address", "credentialEpoch", "signUp",
    "slot", "createdAt", "expiresAt")
  SELECT ${id}::uuid, a."id", (${purpose})::"LinkPurpose", ${digest}::text, ${codeDigest}::text, a."email",
    CASE WHEN (${purpose}) <> 'invitation' THEN a."credentialEpoch" END, ${signUp}, (${slot})::int2, now(), ${expiresAt}
  -- The count makes the update run before this insert, else the unique index refuses the new link.
  FROM ${account} a, (SELECT count(*) FROM superseded) AS replaced
  RETURNING "id"
)`

/**
 * Runs a statement with {@link replaceLink}, and again when the index of live links refuses its link.
 * While the statement waits for the account's lock, its snapshot does not see a link that a parallel
 * request creates. A retry is safe: the index refuses only after another request has succeeded.
 */
export const untilReplaced = <T>(work: () => Promise<T>): Promise<T> =>
  retried(20, isUniqueViolation, work)
