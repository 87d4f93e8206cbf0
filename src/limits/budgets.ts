import type { Rate } from '../base/config/kinds.js'
import { keyedDigest } from '../base/crypto/digest.js'
import type { Database } from '../base/database/database.js'
import { type Sql, sql } from '../base/database/sql.js'
import { throttled } from '../base/errors/problem.js'

/** How many failures or mails one account, network, pair, device or address may have. */
export type Budget = {
  readonly kind: string
  /** What is counted, in canonical form; the table stores a keyed digest of it. */
  readonly subject: string
  readonly rate: Rate
  /** Failed proofs: the waits beyond the budget grow. */
  readonly grows?: true
  /** The budget applies only if {@link Alongside.choice} has this value. */
  readonly choice?: number
}

/** Attempts that were taken, to give back when they succeed. The arrays have one item for each budget. */
export type Reservation = {
  readonly keys: readonly string[]
  /** Seconds of refilling that each attempt cost. */
  readonly costs: readonly number[]
  /** `waitSeconds` of each row before the attempt. */
  readonly waitsBefore: readonly (number | null)[]
}

export const nothingReserved: Reservation = { keys: [], costs: [], waitsBefore: [] }

/** What the statement also does in the same round trip, and the name of the combined statement. */
type Alongside = {
  readonly name: string
  /** A `SELECT` of one value. */
  readonly select: Sql
  /** A number that chooses among budgets. */
  readonly choice: Sql
}

const nothingAlongside: Alongside = {
  name: 'reserve-attempts',
  select: sql`SELECT NULL`,
  choice: sql`SELECT 0`
}

/** The longest wait after one failure, unless the budget refills more slowly. */
const longestWaitSeconds = 900

/** A budget in microseconds: the time from empty to full, and the time that brings one attempt back. */
function sizeOf({ rate: { count, seconds } }: Budget): { period: number; step: number } {
  const period = seconds * 1_000_000
  return { period, step: Math.floor(period / count) }
}

const micros = (interval: Sql) => sql`(extract(epoch FROM ${interval}) * 1000000)::int8`
const fromNow = (duration: Sql) =>
  sql`(now() + make_interval(secs => (${duration} / 1000000.0)::float8))`

/** The microseconds that row `b` needs to be full. A row of an earlier version has no `fullAt`. */
const usedBy = (period: Sql, step: Sql) => sql`
  GREATEST(0, COALESCE(${micros(sql`b."fullAt" - now()`)}, CASE WHEN b."expiresAt" > now() THEN GREATEST(
    LEAST(b."failures", ${period} / ${step} - 1) * ${step},
    ${micros(sql`b."blockedUntil" - now()`)} + ${period} - ${step}) END))`

/**
 * Token buckets that refill continuously, as GCRA (ITU-T I.371): `fullAt` is all that a bucket of mails
 * needs. An attempt moves it by one step, and is refused while less than one step has refilled.
 *
 * In a bucket of failed proofs the waits grow. A failure that leaves less than one step makes the next
 * attempt wait for the rest of it. If the bucket refills no further before the next failure, the wait is
 * twice of what is then missing, and `fullAt` moves on so far that the following one doubles again. It
 * shrinks with every second without a failure. `waitSeconds` is how much may be missing at the end of a
 * wait. At most as many failures as the budget allows, within every period, never meet a wait.
 *
 * The statement locks existing rows first, then inserts missing ones, both in the order of their keys.
 * It does not lock a row that a parallel statement has just inserted. Otherwise two first attempts that
 * share a row could deadlock.
 */
function reserveAttempts(
  keys: readonly string[],
  budgets: readonly Budget[],
  { select, choice }: Alongside,
  losable: boolean
): Sql {
  const sizes = budgets.map(sizeOf)
  return sql`
WITH requested AS (
  SELECT *, r.period - 2 * r.step AS room FROM unnest(${keys}::text[], ${sizes.map(({ period }) => period)}::int8[],
    ${sizes.map(({ step }) => step)}::int8[], ${budgets.map(({ grows = false }) => grows)}::boolean[],
    ${budgets.map(budget => budget.choice ?? null)}::int4[]
  ) WITH ORDINALITY AS r (key, period, step, grows, choice, place)
  WHERE r.choice IS NULL OR r.choice = (${choice})
), locked AS (
  SELECT * FROM "AttemptBudget" b
  WHERE b."key" = ANY (ARRAY(SELECT key FROM requested)) ORDER BY b."key" FOR UPDATE
), found AS (
  SELECT r.*, b."key" IS NULL AS missing, ${usedBy(sql`r.period`, sql`r.step`)} AS used, b."waitSeconds" AS before
  FROM requested r LEFT JOIN locked b ON b."key" = r.key
), asked AS (
  SELECT *, used - room AS lacking, used - room - COALESCE((before * 1000000)::int8, step) AS wait,
    grows AND before IS NOT NULL AND used > GREATEST(room, 0) AS again
  FROM found
), attempt AS (
  SELECT *, CASE WHEN again THEN LEAST(2 * lacking, GREATEST(${longestWaitSeconds * 1_000_000}::int8, step))
    WHEN lacking > 0 THEN lacking END AS blocks
  FROM asked WHERE NOT EXISTS (SELECT FROM asked WHERE wait > 0)
), charged AS (
  SELECT *, GREATEST(used + step, CASE WHEN again THEN room + 2 * blocks END) AS uses FROM attempt
), inserted AS (
  INSERT INTO "AttemptBudget" ("key", "fullAt", "waitSeconds", "expiresAt")
  SELECT key, ${fromNow(sql`uses`)}, CASE WHEN grows THEN (uses - room - blocks) / 1000000.0 END, ${fromNow(sql`uses`)}
  FROM charged WHERE missing ORDER BY key
  ON CONFLICT ("key") DO NOTHING
  RETURNING "key"
), taken AS (
  SELECT * FROM charged
  WHERE (SELECT count(*) FROM inserted) = (SELECT count(*) FROM charged WHERE missing)
), updated AS (
  UPDATE "AttemptBudget" b SET "fullAt" = ${fromNow(sql`t.uses`)}, "expiresAt" = ${fromNow(sql`t.uses`)},
    "waitSeconds" = CASE WHEN t.grows THEN (t.uses - t.room - t.blocks) / 1000000.0 END
  FROM taken t WHERE b."key" = t.key AND NOT t.missing
)
SELECT
  ARRAY(SELECT "key" FROM inserted) AS "insertedKeys",
  ARRAY(SELECT key FROM taken ORDER BY place) AS "keys",
  ARRAY(SELECT ((uses - used) / 1000000.0)::float8 FROM taken ORDER BY place) AS "costs",
  ARRAY(SELECT before FROM taken ORDER BY place) AS "waitsBefore",
  ARRAY(SELECT uses::float8 / period FROM taken ORDER BY place) AS "levels",
  (SELECT max((uses + step - 1) / step)::int4 FROM taken) AS "failures",
  (SELECT (max(blocks) / 1000000.0)::float8 FROM taken) AS "blocksSeconds",
  (SELECT (max(wait) / 1000000.0)::float8 FROM asked WHERE wait > 0) AS "waitSeconds",
  ARRAY(SELECT key FROM asked WHERE wait > 0) AS "spentKeys",
  -- Losing the last counts in a power cut is harmless, so this statement does not wait for the disk.
  CASE WHEN ${losable}::boolean THEN set_config('synchronous_commit', 'off', true) END AS "asynchronous",
  (${select}) AS "also"`
}

type Row = Reservation & {
  readonly insertedKeys: readonly string[]
  readonly levels: readonly number[]
  /** Null: nothing was taken. */
  readonly failures: number | null
  readonly blocksSeconds: number | null
  readonly waitSeconds: number | null
  readonly spentKeys: readonly string[]
}

/** A reservation, and the state of its budgets if the attempt fails. */
export type Reserved = Reservation & {
  /** How full each budget is, from 0 to 1: nothing is left. */
  readonly levels: readonly number[]
  /** The failures that are not forgotten yet, of the budget with the most. */
  readonly failures: number
  /** How long the next attempt has to wait; null: not at all. */
  readonly blocksSeconds: number | null
}

/** Refused: how long the next attempt has to wait, and the budgets that have nothing left. */
export type Refused = { readonly waitSeconds: number; readonly spent: readonly Budget[] }

const keyOf = (key: Buffer, { kind, subject }: Budget) => keyedDigest(key, `${kind}\0${subject}`)

type TryOptions = {
  readonly alongside?: Alongside
  /** Whether a power cut may lose the count. False within the transaction of something else. */
  readonly losable?: boolean
}

/** As {@link reserve}, but returns a refusal instead of throwing it. */
export async function tryReserve<Also = unknown>(
  db: Database,
  key: Buffer,
  budgets: readonly Budget[],
  { alongside = nothingAlongside, losable = true }: TryOptions = {}
): Promise<Refused | (Reserved & { readonly also: Also | null })> {
  const keys = budgets.map(budget => keyOf(key, budget))
  const statement = reserveAttempts(keys, budgets, alongside, losable)
  for (;;) {
    const rows = await db.run<Row & { also: Also | null }>(alongside.name, statement)
    const row = rows[0] as (typeof rows)[0]
    const { insertedKeys, failures, waitSeconds, spentKeys, ...reserved } = row
    if (waitSeconds !== null) {
      const spent = budgets.filter((_, index) => spentKeys.includes(keys[index] as string))
      return { waitSeconds, spent }
    }
    if (failures !== null) return { ...reserved, failures }
    // A parallel first attempt inserted one of the rows: give back and try again.
    const costs = insertedKeys.map(
      inserted => sizeOf(budgets[keys.indexOf(inserted)] as Budget).step / 1_000_000
    )
    await refund(db, { keys: insertedKeys, costs, waitsBefore: insertedKeys.map(() => null) })
  }
}

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
  alongside?: Alongside
): Promise<Reserved & { readonly also: Also | null }> {
  const result = await tryReserve<Also>(db, key, budgets, alongside && { alongside })
  if ('spent' in result) throw throttled(result.waitSeconds)
  return result
}

/**
 * CTEs that give a reservation back, if `condition` says that the attempt succeeded. They write the rows
 * in any case, so that the time does not tell (ENU-02). The condition is decided before a row is locked:
 * what it waits for, such as the lock of an account, comes first in every statement.
 */
export const refundAttempts = (
  { keys, costs, waitsBefore }: Reservation,
  condition: Sql
): Sql => sql`
refundable AS (
  SELECT b."key", g.cost, g.before
  FROM "AttemptBudget" b
  JOIN unnest(${keys}::text[], ${costs}::float8[], ${waitsBefore}::float8[]) AS g (key, cost, before) ON g.key = b."key"
  WHERE b."key" = ANY (${keys}::text[]) AND (${condition}) IS NOT NULL
  ORDER BY b."key" FOR UPDATE OF b
), refunded AS (
  UPDATE "AttemptBudget" b SET
    "fullAt" = b."fullAt" - make_interval(secs => CASE WHEN ${condition} THEN r.cost ELSE 0 END),
    "waitSeconds" = CASE WHEN ${condition} THEN r.before ELSE b."waitSeconds" END
  FROM refundable r WHERE b."key" = r."key"
)`

/** Gives back what one reservation took. Failures of other attempts stay counted (BRF-04). */
export async function refund(db: Database, reservation: Reservation): Promise<void> {
  if (reservation.keys.length === 0) return
  await db.run('refund-attempts', sql`WITH ${refundAttempts(reservation, sql`true`)} SELECT`)
}

/** Takes the attempt that a spent budget gets next, for something that waits until then. */
export async function takeAhead(db: Database, key: Buffer, budget: Budget): Promise<void> {
  const { step } = sizeOf(budget)
  const later = sql`make_interval(secs => ${step / 1_000_000}::float8)`
  const statement = sql`
    UPDATE "AttemptBudget" SET "fullAt" = "fullAt" + ${later}, "expiresAt" = "expiresAt" + ${later}
    WHERE "key" = ${keyOf(key, budget)}::text`
  await db.run('take-attempt-ahead', statement)
}

/** Fills a budget, because the owner has authenticated. */
export async function clear(db: Database, key: Buffer, budget: Budget): Promise<void> {
  const statement = sql`DELETE FROM "AttemptBudget" WHERE "key" = ${keyOf(key, budget)}::text`
  await db.run('clear-attempts', statement)
}

export type BudgetState = {
  /** How full the budget is, from 0 to 1: nothing is left. */
  readonly level: number
  /** How long it refuses every attempt, in seconds; null: it does not. */
  readonly waitSeconds: number | null
}

/** Reads a budget without taking from it. */
export async function readBudget(db: Database, key: Buffer, budget: Budget): Promise<BudgetState> {
  const { period, step } = sizeOf(budget)
  const statement = sql`
    SELECT used::float8 / period AS "level", (NULLIF(GREATEST(wait, 0), 0) / 1000000.0)::float8 AS "waitSeconds"
    FROM (
      SELECT *, used - (period - 2 * step) - COALESCE(("waitSeconds" * 1000000)::int8, step) AS wait
      FROM (
        SELECT b."waitSeconds", size.*, ${usedBy(sql`size.period`, sql`size.step`)} AS used
        FROM "AttemptBudget" b, (SELECT ${period}::int8 AS period, ${step}::int8 AS step) AS size
        WHERE b."key" = ${keyOf(key, budget)}::text
      ) AS read
    ) AS measured`
  const [row] = await db.run<BudgetState>('read-attempt-budget', statement)
  return row ?? { level: 0, waitSeconds: null }
}
