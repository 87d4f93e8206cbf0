import type { Rate } from '../base/config/kinds.js'
import { keyedDigest } from '../base/crypto/digest.js'
import type { Database } from '../base/database/database.js'
import { type Sql, sql } from '../base/database/sql.js'
import { throttled } from '../base/errors/problem.js'

/** A number of failures that one account, network, pair or device may have. */
export type Budget = {
  readonly kind: string
  /** What is counted, in its canonical form; the table holds a keyed digest of it. */
  readonly subject: string
  readonly rate: Rate
  /** Seconds that each failure beyond the budget waits, where they are not to grow. */
  readonly wait?: number
}

/** Attempts taken, to be given back if they turn out not to be failures. */
export type Reservation = { readonly keys: readonly string[] }

/** A `SELECT` of one value to be made in the same round trip, under a name for both. */
type Alongside = { readonly name: string; readonly select: Sql }

const nothingAlongside: Alongside = { name: 'reserve-attempts', select: sql`SELECT NULL` }

/**
 * The n-th failure beyond the budget waits a tenth of the period, then twice as long each time, at
 * most a quarter of an hour: guessing slows to a crawl, nobody is locked out for good. A budget may
 * name one wait for all instead.
 *
 * Rows that are there are locked first, in the order of their keys; then those that are missing are
 * made, in that order too, and never one that somebody else has made meanwhile is waited for with a
 * lock. With both in one go, two first attempts beside a row they share could each hold what the other
 * waits for.
 */
const reserveAttempts = (
  keys: readonly string[],
  budgets: readonly Budget[],
  alongside: Sql
) => sql`
WITH wanted AS (
  SELECT * FROM unnest(${keys}::text[], ${budgets.map(({ rate }) => rate.count)}::int4[],
    ${budgets.map(({ rate }) => rate.seconds)}::int4[], ${budgets.map(({ wait }) => wait ?? null)}::float8[]
  ) AS w (key, allowed, period, wait)
), held AS (
  SELECT b."key", b."blockedUntil",
    CASE WHEN b."expiresAt" <= now() THEN 1 ELSE b."failures" + 1 END AS failures
  FROM "AttemptBudget" b WHERE b."key" = ANY (${keys}::text[]) ORDER BY b."key" FOR UPDATE
), counted AS (
  SELECT w.*, h."key" IS NULL AS missing, COALESCE(h.failures, 1) AS failures
  FROM wanted w LEFT JOIN held h ON h."key" = w.key
  WHERE NOT EXISTS (SELECT FROM held WHERE "blockedUntil" > now())
), attempt AS (
  SELECT key, missing, failures, period, CASE WHEN failures >= allowed THEN now() + make_interval(secs =>
    COALESCE(wait, LEAST(900, period / 10.0 * 2 ^ LEAST(failures - allowed, 30)))) END AS until
  FROM counted
), opened AS (
  INSERT INTO "AttemptBudget" ("key", "failures", "blockedUntil", "expiresAt")
  SELECT key, failures, until, GREATEST(now(), until) + make_interval(secs => period)
  FROM attempt WHERE missing ORDER BY key
  ON CONFLICT ("key") DO NOTHING
  RETURNING "key"
), taken AS (
  SELECT * FROM attempt
  WHERE (SELECT count(*) FROM opened) = (SELECT count(*) FROM attempt WHERE missing)
), spent AS (
  UPDATE "AttemptBudget" b SET "failures" = t.failures, "blockedUntil" = t.until,
    "expiresAt" = GREATEST(now(), t.until) + make_interval(secs => t.period)
  FROM taken t WHERE b."key" = t.key AND NOT t.missing
)
SELECT
  ARRAY(SELECT "key" FROM opened) AS "openedKeys",
  (SELECT max(failures) FROM taken) AS "failures",
  (SELECT extract(epoch FROM max(until) - now())::float8 FROM taken) AS "blocksSeconds",
  (SELECT extract(epoch FROM max("blockedUntil") - now())::float8 FROM held WHERE "blockedUntil" > now()) AS "waitSeconds",
  -- Losing the last instants of a count in a power cut is harmless, so nobody waits for the disk here.
  set_config('synchronous_commit', 'off', true) AS "asynchronous",
  (${alongside}) AS "also"`

type Row = {
  readonly openedKeys: readonly string[]
  /** Of the fullest budget, with this attempt; null: nothing was taken. */
  readonly failures: number | null
  readonly blocksSeconds: number | null
  readonly waitSeconds: number | null
}

/** A reservation, and where it leaves the fullest of its budgets if the attempt is a failure. */
export type Reserved = Reservation & {
  readonly failures: number
  /** How long the next attempt will have to wait; null: not at all. */
  readonly blocksSeconds: number | null
}

const keyOf = (key: Buffer, { kind, subject }: Budget) => keyedDigest(key, `${kind}\0${subject}`)

/**
 * Takes one attempt from every budget, or from none: parallel guesses cannot spend more than there
 * is, because the secret is only looked at afterwards (BRF-03).
 *
 * @throws {Problem} `throttled`, saying truthfully how long to wait.
 */
export async function reserve<Also = unknown>(
  db: Database,
  key: Buffer,
  budgets: readonly Budget[],
  { name, select }: Alongside = nothingAlongside
): Promise<Reserved & { readonly also: Also | null }> {
  const keys = budgets.map(budget => keyOf(key, budget))
  const statement = reserveAttempts(keys, budgets, select)
  for (;;) {
    const rows = await db.run<Row & { also: Also | null }>(name, statement)
    const { openedKeys, failures, blocksSeconds, waitSeconds, also } = rows[0] as (typeof rows)[0]
    if (waitSeconds !== null) throw throttled(waitSeconds)
    if (failures !== null) return { keys, failures, blocksSeconds, also }
    // Another first attempt made one of the rows beside this: give back and look again.
    await refund(db, { keys: openedKeys })
  }
}

/** CTEs that give a reservation back, in a statement that by `condition` proves it was no failure. */
export const refundAttempts = (keys: Reservation['keys'], condition: Sql): Sql => sql`
refundable AS (
  SELECT b."key" FROM "AttemptBudget" b WHERE b."key" = ANY (${keys}::text[]) AND ${condition}
  ORDER BY b."key" FOR UPDATE
), refunded AS (
  UPDATE "AttemptBudget" b SET "failures" = GREATEST(b."failures" - 1, 0), "blockedUntil" = NULL
  FROM refundable r WHERE b."key" = r."key"
)`

/** Gives back exactly what one reservation took; other people's failures stay counted (BRF-04). */
export async function refund(db: Database, { keys }: Reservation): Promise<void> {
  if (keys.length === 0) return
  await db.run('refund-attempts', sql`WITH ${refundAttempts(keys, sql`true`)} SELECT`)
}

/** Forgets all failures of one budget: whoever passed was the owner of it all along. */
export async function clear(db: Database, key: Buffer, budget: Budget): Promise<void> {
  const statement = sql`
    UPDATE "AttemptBudget" SET "failures" = 0, "blockedUntil" = NULL WHERE "key" = ${keyOf(key, budget)}::text`
  await db.run('clear-attempts', statement)
}

/** How long a budget refuses every attempt from now on, in seconds; null: it does not. */
export async function readBlock(db: Database, key: Buffer, budget: Budget): Promise<number | null> {
  const statement = sql`
    SELECT extract(epoch FROM "blockedUntil" - now())::float8 AS "seconds" FROM "AttemptBudget"
    WHERE "key" = ${keyOf(key, budget)}::text AND "blockedUntil" > now()`
  const [row] = await db.run<{ seconds: number }>('read-attempt-wait', statement)
  return row?.seconds ?? null
}
