import type { Database } from '../../base/database/database.js'
import { inBatches, oneBatch } from '../../base/database/in-batches.js'
import { sql } from '../../base/database/sql.js'

const purgeOld = sql`
DELETE FROM "WebhookEvent" WHERE "id" IN (
  SELECT "id" FROM "WebhookEvent" WHERE "createdAt" < now() - interval '30 days' ${oneBatch} FOR UPDATE SKIP LOCKED)
RETURNING 1`

/** Removes events that nobody has taken within a month; returns how many. */
export const purgeWebhookEvents = (db: Database): Promise<number> =>
  inBatches(db, 'purge-webhook-events', purgeOld)
