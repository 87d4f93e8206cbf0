import type { Database } from '../../base/database/database.js'
import { sql } from '../../base/database/sql.js'
import type { Failure } from '../../base/outbox/retry.js'

/** An event that only this worker may send until the lease ends. */
export type ClaimedEvent = {
  /** The id of the audit event, and of the message in each attempt. */
  readonly id: string
  readonly type: string
  readonly at: Date
  readonly data: Readonly<Record<string, unknown>>
  readonly attempts: number
}

/**
 * Claims up to `limit` due events, each for `leaseSeconds`. Of the events of one account only the oldest
 * can be claimed, so the next one is sent when it has been taken or given up.
 */
export async function claim(
  db: Database,
  { limit, leaseSeconds }: { readonly limit: number; readonly leaseSeconds: number }
): Promise<ClaimedEvent[]> {
  const statement = sql`
    WITH due AS MATERIALIZED (
      SELECT e."id" FROM "WebhookEvent" e
      WHERE e."state" = 'queued' AND e."nextAttemptAt" <= now()
        AND (e."leasedUntil" IS NULL OR e."leasedUntil" <= now())
        AND NOT EXISTS (SELECT FROM "WebhookEvent" earlier
          WHERE earlier."accountId" = e."accountId" AND earlier."state" = 'queued'
            AND (earlier."insertedAt", earlier."id") < (e."insertedAt", e."id"))
      ORDER BY e."nextAttemptAt", e."insertedAt" LIMIT ${limit}::int4 FOR UPDATE OF e SKIP LOCKED
    )
    UPDATE "WebhookEvent" e SET "attempts" = e."attempts" + 1,
      "leasedUntil" = now() + make_interval(secs => ${leaseSeconds}::float8)
    FROM due WHERE e."id" = due."id"
    RETURNING e."id", e."type", e."at", e."data", e."attempts"`
  return db.run<ClaimedEvent>('claim-events', statement)
}

/** Gives claimed events back, as if they had not been tried. */
export async function release(db: Database, events: readonly ClaimedEvent[]): Promise<void> {
  const statement = sql`
    UPDATE "WebhookEvent" SET "leasedUntil" = NULL, "attempts" = "attempts" - 1
    WHERE "id" = ANY (${events.map(({ id }) => id)}::uuid[]) AND "state" = 'queued'
    RETURNING 1`
  await db.run('release-events', statement)
}

/** Removes an event that was taken: the audit trail keeps it. */
export async function settleSent(db: Database, { id }: ClaimedEvent): Promise<void> {
  await db.run(
    'settle-event-sent',
    sql`DELETE FROM "WebhookEvent" WHERE "id" = ${id}::uuid AND "state" = 'queued' RETURNING 1`
  )
}

type Retry = { readonly afterSeconds: number; readonly giveUpAfterSeconds: number }

/**
 * Queues a failed event again, or marks it dead after a permanent failure or at the end of its time. Later
 * events of its account are due no sooner, so that claiming does not pass over them again and again.
 * Returns null when another worker has taken over the lease, which changes nothing.
 */
export async function settleFailure(
  db: Database,
  { id, attempts }: ClaimedEvent,
  { permanent, summary }: Failure,
  { afterSeconds, giveUpAfterSeconds }: Retry
): Promise<'queued' | 'dead' | null> {
  const givenUpAt = sql`"createdAt" + make_interval(secs => ${giveUpAfterSeconds}::float8)`
  const statement = sql`
    WITH failed AS (
      UPDATE "WebhookEvent" SET
        "state" = CASE WHEN ${permanent}::bool OR ${givenUpAt} <= now() THEN 'dead' ELSE 'queued' END::"WebhookEventState",
        "settledAt" = CASE WHEN ${permanent}::bool OR ${givenUpAt} <= now() THEN now() END,
        "nextAttemptAt" = LEAST(now() + make_interval(secs => ${afterSeconds}::float8), ${givenUpAt}),
        "leasedUntil" = NULL, "lastError" = ${summary}::text
      WHERE "id" = ${id}::uuid AND "state" = 'queued' AND "attempts" = ${attempts}::int4
      RETURNING "accountId", "insertedAt", "state", "nextAttemptAt"
    ), later AS (
      UPDATE "WebhookEvent" e SET "nextAttemptAt" = failed."nextAttemptAt" FROM failed
      WHERE failed."state" = 'queued' AND e."accountId" = failed."accountId" AND e."state" = 'queued'
        AND e."insertedAt" > failed."insertedAt" AND e."nextAttemptAt" < failed."nextAttemptAt"
    )
    SELECT "state"::text FROM failed`
  const [row] = await db.run<{ state: 'queued' | 'dead' }>('settle-event-failed', statement)
  return row?.state ?? null
}
