import type { Rate } from '../config/kinds.js'
import { keyedDigest } from '../crypto/digest.js'
import type { Database } from '../database/database.js'
import { throttled } from '../errors/problem.js'

/** A number of failures that one account, network, pair or device may have. */
export type Budget = {
  readonly kind: string
  /** What is counted, in its canonical form; the table holds a keyed digest of it. */
  readonly subject: string
  readonly rate: Rate
}

/** Attempts taken, to be given back if they turn out not to be failures. */
export type Reservation = { readonly keys: readonly string[] }

/** A read to be made in the same round trip: a `SELECT` whose parameters start at `$4`. */
export type Alongside = {
  readonly name: string
  readonly select: string
  readonly values: readonly unknown[]
}

/**
 * The n-th failure beyond the budget waits a tenth of the period, then twice as long each time, at
 * most a quarter of an hour: guessing slows to a crawl, nobody is locked out for good.
 */
const reserveSql = (alongside: string) => `
WITH wanted AS (
  SELECT * FROM unnest($1::text[], $2::int4[], $3::int4[]) AS w (key, allowed, period)
), held AS (
  SELECT b."blockedUntil" FROM "AttemptBudget" b
  WHERE b."key" = ANY ($1::text[]) ORDER BY b."key" FOR UPDATE
), spent AS (
  INSERT INTO "AttemptBudget" AS b ("key", "failures", "blockedUntil", "expiresAt")
  SELECT key, 1, CASE WHEN allowed = 1 THEN now() + make_interval(secs => period / 10.0) END,
    now() + make_interval(secs => period)
  FROM wanted
  WHERE NOT EXISTS (SELECT FROM held WHERE "blockedUntil" > now())
  ORDER BY key
  ON CONFLICT ("key") DO UPDATE SET ("failures", "blockedUntil", "expiresAt") = (
    SELECT counted.failures, blocked.until, GREATEST(now(), blocked.until) + make_interval(secs => w.period)
    FROM wanted w,
      LATERAL (SELECT CASE WHEN b."expiresAt" <= now() THEN 1 ELSE b."failures" + 1 END AS failures) counted,
      LATERAL (SELECT CASE WHEN counted.failures >= w.allowed THEN now() + make_interval(secs =>
        LEAST(900, w.period / 10.0 * 2 ^ LEAST(counted.failures - w.allowed, 30))) END AS until) blocked
    WHERE w.key = b."key"
  )
  WHERE b."blockedUntil" IS NULL OR b."blockedUntil" <= now()
  RETURNING b."key"
)
SELECT
  ARRAY(SELECT "key" FROM spent) AS "reservedKeys",
  (SELECT extract(epoch FROM max("blockedUntil") - now())::float8 FROM held WHERE "blockedUntil" > now()) AS "waitSeconds",
  -- Losing the last instants of a count in a power cut is harmless, so nobody waits for the disk here.
  set_config('synchronous_commit', 'off', true) AS "asynchronous"
  ${alongside}`

type Row = { readonly reservedKeys: readonly string[]; readonly waitSeconds: number | null }

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
  alongside?: Alongside
): Promise<Reservation & { readonly also: Also | null }> {
  const keys = budgets.map(({ kind, subject }) => keyedDigest(key, `${kind}\0${subject}`))
  const values = [
    keys,
    budgets.map(({ rate }) => rate.count),
    budgets.map(({ rate }) => rate.seconds)
  ]
  const statement = {
    name: `reserve-attempts${alongside === undefined ? '' : `-${alongside.name}`}`,
    text: reserveSql(alongside === undefined ? '' : `, (${alongside.select}) AS "also"`)
  }
  for (;;) {
    const rows = await db.run<Row & { also: Also | null }>(statement, [
      ...values,
      ...(alongside?.values ?? [])
    ])
    const { reservedKeys, waitSeconds, also } = rows[0] as Row & { also: Also | null }
    if (waitSeconds !== null) throw throttled(waitSeconds)
    if (reservedKeys.length === keys.length) return { keys: reservedKeys, also: also ?? null }
    // Two first attempts made the same row at once and this one came too late: give back and look again.
    await refund(db, { keys: reservedKeys })
  }
}

/**
 * Gives a reservation back as part of a statement that proves it was no failure. `$keys` names the
 * parameter, `condition` is an SQL expression of that statement.
 */
export const refundCte = (keys: string, condition: string): string => `
refundable AS (
  SELECT b."key" FROM "AttemptBudget" b WHERE b."key" = ANY (${keys}::text[]) AND ${condition}
  ORDER BY b."key" FOR UPDATE
), refunded AS (
  UPDATE "AttemptBudget" b SET "failures" = GREATEST(b."failures" - 1, 0), "blockedUntil" = NULL
  FROM refundable r WHERE b."key" = r."key"
)`

const refundStatement = { name: 'refund-attempts', text: `WITH ${refundCte('$1', 'true')} SELECT` }

/** Gives back exactly what one reservation took; other people's failures stay counted (BRF-04). */
export async function refund(db: Database, reservation: Reservation): Promise<void> {
  if (reservation.keys.length > 0) await db.run(refundStatement, [reservation.keys])
}
