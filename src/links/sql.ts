import { isUniqueViolation } from '../base/database/failures.js'
import { retried } from '../base/database/retried.js'

type Expressions = {
  /** A CTE of at most one locked account with `id`, `email`, `credentialEpoch`. */
  readonly account: string
  readonly id: string
  /** SQL expression for the purpose; may use `a`, the account. */
  readonly purpose: string
  readonly digest: string
  readonly codeDigest: string
  /** SQL expression for the life of the link in seconds; may use `a`. */
  readonly seconds: string
  /** SQL expression for what a sign-up asked for; may use `a`. */
  readonly signUp: string
}

/** Replaces the live link of an account as part of one statement: `superseded`, then `link` with its `id`. */
export const replaceLinkCtes = ({
  account,
  id,
  purpose,
  digest,
  codeDigest,
  seconds,
  signUp
}: Expressions): string => `
superseded AS (
  UPDATE "Link" old SET "supersededAt" = now() FROM ${account} a
  WHERE old."userId" = a."id" AND old."purpose" = (${purpose})::"LinkPurpose" AND old."supersededAt" IS NULL
  RETURNING old."signUp"
), link AS (
  INSERT INTO "Link" ("id", "userId", "purpose", "digest", "codeDigest", "address", "credentialEpoch", "signUp",
    "createdAt", "expiresAt")
  SELECT ${id}::uuid, a."id", (${purpose})::"LinkPurpose", ${digest}::text, ${codeDigest}::text, a."email",
    a."credentialEpoch", ${signUp}, now(), now() + make_interval(secs => (${seconds})::float8)
  -- Counting them first makes the old link give up its place before this one takes it.
  FROM ${account} a, (SELECT count(*) FROM superseded) AS replaced
  RETURNING "id"
)`

/**
 * Runs such a statement, and again where another one was faster. While it waited for the account it
 * went on seeing what there was before the wait: the link that was made meanwhile is then in the way
 * of its own, and the index of live links refuses it. Every refusal is somebody else's success.
 */
export const untilReplaced = <T>(work: () => Promise<T>): Promise<T> =>
  retried(20, isUniqueViolation, work)
