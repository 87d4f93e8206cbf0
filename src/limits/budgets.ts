import type { Rate } from '../base/config/kinds.js'
import { keyedDigest } from '../base/crypto/digest.js'
import type { Database } from '../base/database/database.js'
import { type Sql, sql } from '../base/database/sql.js'
import { throttled } from '../base/errors/problem.js'

/** How many failures one account, network, pair or device may have. */
export type Budget = {
  readonly kind: string
  /** What is counted, in canonical form; the table stores a keyed digest of it. */
  readonly subject: string
  readonly rate: Rate
  /** A constant wait in seconds after each failure beyond the budget; without it the wait grows. */
  readonly wait?: number
}

/** Attempts that were counted as failures, to give back when they succeed. */
export type Reservation = { readonly keys: readonly string[] }

/** A `SELECT` of one value in the same round trip, and the name of the combined statement. */
type Alongside = { readonly name: string; readonly select: Sql }

const nothingAlongside: Alongside = { name: 'reserve-attempts', select: sql`SELECT NULL` }

/**
 * The failure that uses up the budget blocks for a tenth of the period, each further one twice as long,
 * at most 15 minutes: guessing becomes slow, and no account is locked for ever. `wait` replaces this.
 *
 * The statement locks existing rows first, then inserts missing ones, both in the order of their keys.
 * It does not lock a row that a parallel statement has just inserted. Otherwise two first attempts that
 * share a row could deadlock.
 */
const reserveAttempts = (
  keys: readonly string[],
  budgets: readonly Budget[],
  alongside: Sql
) => sql`
WITH requested AS (
  SELECT * FROM unnest(${keys}::text[], ${budgets.map(({ rate }) => rate.count)}::int4[],
    ${budgets.map(({ rate }) => rate.seconds)}::int4[], ${budgets.map(({ wait }) => wait ?? null)}::float8[]
  ) AS r (key, allowed, period, wait)
), locked AS (
  SELECT b."key", b."blockedUntil",
    CASE WHEN b."expiresAt" <= now() THEN 1 ELSE b."failures" + 1 END AS failures
  FROM "AttemptBudget" b WHERE b."key" = ANY (${keys}::text[]) ORDER BY b."key" FOR UPDATE
), counted AS (
  SELECT r.*, l."key" IS NULL AS missing, COALESCE(l.failures, 1) AS failures
  FROM requested r LEFT JOIN locked l ON l."key" = r.key
  WHERE NOT EXISTS (SELECT FROM locked WHERE "blockedUntil" > now())
), attempt AS (
  SELECT key, missing, failures, period, CASE WHEN failures >= allowed THEN now() + make_interval(secs =>
    COALESCE(wait, LEAST(900, period / 10.0 * 2 ^ LEAST(failures - allowed, 30)))) END AS until
  FROM counted
), inserted AS (
  INSERT INTO "AttemptBudget" ("key", "failures", "blockedUntil", "expiresAt")
  SELECT key, failures, until, GREATEST(now(), until) + make_interval(secs => period)
  FROM attempt WHERE missing ORDER BY key
  ON CONFLICT ("key") DO NOTHING
  RETURNING "key"
), taken AS (
  SELECT * FROM attempt
  WHERE (SELECT count(*) FROM inserted) = (SELECT count(*) FROM attempt WHERE missing)
), updated AS (
  UPDATE "AttemptBudget" b SET "failures" = t.failures, "blockedUntil" = t.until,
    "expiresAt" = GREATEST(now(), t.until) + make_interval(secs => t.period)
  FROM taken t WHERE b."key" = t.key AND NOT t.missing
)
SELECT
  ARRAY(SELECT "key" FROM inserted) AS "insertedKeys",
  (SELECT max(failures) FROM taken) AS "failures",
  (SELECT extract(epoch FROM max(until) - now())::float8 FROM taken) AS "blocksSeconds",
  (SELECT extract(epoch FROM max("blockedUntil") - now())::float8 FROM locked WHERE "blockedUntil" > now()) AS "waitSeconds",
  -- Losing the last counts in a power cut is harmless, so this statement does not wait for the disk.
  set_config('synchronous_commit', 'off', true) AS "asynchronous",
  (${alongside}) AS "also"`

type Row = {
  readonly insertedKeys: readonly string[]
  /** The highest count of all budgets, with this attempt; null: nothing was taken. */
  readonly failures: number | null
  readonly blocksSeconds: number | null
  readonly waitSeconds: number | null
}

/** A reservation, and the state of its fullest budget if the attempt fails. */
export type Reserved = Reservation & {
  readonly failures: number
  /** How long the next attempt has to wait; null: not at all. */
  readonly blocksSeconds: number | null
}

const keyOf = (key: Buffer, { kind, subject }: Budget) => keyedDigest(key, `${kind}\0${subject}`)

/**
 * Takes one attempt from every budget, or from none. The caller checks the secret afterwards, so
 * parallel guesses cannot exceed the budget (BRF-03).
 *
 * @throws {Problem} `throttled`, with the exact wait.
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
    const { insertedKeys, failures, blocksSeconds, waitSeconds, also } = rows[0] as (typeof rows)[0]
    if (waitSeconds !== null) throw throttled(waitSeconds)
    if (failures !== null) return { keys, failures, blocksSeconds, also }
    // A parallel first attempt inserted one of the rows: give back and try again.
    await refund(db, { keys: insertedKeys })
  }
}

/** CTEs that give a reservation back, if `condition` says that the attempt succeeded. */
export const refundAttempts = (keys: Reservation['keys'], condition: Sql): Sql => sql`
refundable AS (
  SELECT b."key" FROM "AttemptBudget" b WHERE b."key" = ANY (${keys}::text[]) AND ${condition}
  ORDER BY b."key" FOR UPDATE
), refunded AS (
  UPDATE "AttemptBudget" b SET "failures" = GREATEST(b."failures" - 1, 0), "blockedUntil" = NULL
  FROM refundable r WHERE b."key" = r."key"
)`

/** Gives back what one reservation took. Failures of other attempts stay counted (BRF-04). */
export async function refund(db: Database, { keys }: Reservation): Promise<void> {
  if (keys.length === 0) return
  await db.run('refund-attempts', sql`WITH ${refundAttempts(keys, sql`true`)} SELECT`)
}

/** Resets the failures of one budget, because the owner has authenticated. */
export async function clear(db: Database, key: Buffer, budget: Budget): Promise<void> {
  const statement = sql`
    UPDATE "AttemptBudget" SET "failures" = 0, "blockedUntil" = NULL WHERE "key" = ${keyOf(key, budget)}::text`
  await db.run('clear-attempts', statement)
}

/** How long a budget refuses every attempt, in seconds; null: it does not. */
export async function readBlock(db: Database, key: Buffer, budget: Budget): Promise<number | null> {
  const statement = sql`
    SELECT extract(epoch FROM "blockedUntil" - now())::float8 AS "seconds" FROM "AttemptBudget"
    WHERE "key" = ${keyOf(key, budget)}::text AND "blockedUntil" > now()`
  const [row] = await db.run<{ seconds: number }>('read-attempt-wait', statement)
  return row?.seconds ?? null
}
