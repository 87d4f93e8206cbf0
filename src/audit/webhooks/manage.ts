import type { Database } from '../../base/database/database.js'
import { sql } from '../../base/database/sql.js'

export type WebhookEventState = 'queued' | 'dead'

/** An event of the outbox in the list of an operator, without its data. */
export type ListedWebhookEvent = {
  readonly id: string
  readonly type: string
  readonly accountId: string | null
  readonly state: WebhookEventState
  readonly attempts: number
  readonly at: Date
  readonly nextAttemptAt: Date
  readonly lastError: string | null
}

type Page = {
  readonly state?: WebhookEventState
  readonly limit: number
  /** The last id of the previous page. */
  readonly before?: string
}

/** One page of events that were not taken yet, newest first. */
export const listWebhookEvents = (
  db: Database,
  { state, limit, before }: Page
): Promise<readonly ListedWebhookEvent[]> =>
  db.prisma.webhookEvent.findMany({
    where: { ...(state && { state }), ...(before && { id: { lt: before } }) },
    orderBy: { id: 'desc' },
    take: limit,
    select: {
      id: true,
      type: true,
      accountId: true,
      state: true,
      attempts: true,
      at: true,
      nextAttemptAt: true,
      lastError: true
    }
  })

export type ResendOutcome = 'queued' | 'unknown' | 'not_dead'

/** Queues a dead event again, for three more days of attempts, in its old place among those of its account. */
export async function resendWebhookEvent(db: Database, id: string): Promise<ResendOutcome> {
  const statement = sql`
    WITH wanted AS (SELECT "id", "state" FROM "WebhookEvent" WHERE "id" = ${id}::uuid FOR UPDATE),
    requeued AS (
      UPDATE "WebhookEvent" e SET ${anew} FROM wanted w WHERE e."id" = w."id" AND w."state" = 'dead'
    )
    SELECT "state"::text FROM wanted`
  const [event] = await db.run<{ state: WebhookEventState }>('resend-event', statement)
  if (event === undefined) return 'unknown'
  return event.state === 'dead' ? 'queued' : 'not_dead'
}

/** Queues every dead event again; returns how many. */
export async function resendWebhookEvents(db: Database): Promise<number> {
  const statement = sql`
    WITH requeued AS (UPDATE "WebhookEvent" SET ${anew} WHERE "state" = 'dead' RETURNING 1)
    SELECT count(*)::int4 AS "count" FROM requeued`
  const [row] = await db.run<{ count: number }>('resend-events', statement)
  return row?.count ?? 0
}

const anew = sql`
  "state" = 'queued', "settledAt" = NULL, "attempts" = 0, "nextAttemptAt" = now(), "createdAt" = now()`
