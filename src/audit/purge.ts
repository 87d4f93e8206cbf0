import type { Database } from '../base/database/database.js'
import { inBatches, oneBatch } from '../base/database/in-batches.js'
import { sql } from '../base/database/sql.js'

const purgeOlder = (seconds: number) => sql`
DELETE FROM "AuditEvent" WHERE "id" IN (
  SELECT "id" FROM "AuditEvent"
  WHERE "at" < now() - make_interval(secs => GREATEST(${seconds}::int4, (SELECT "seconds" FROM "AuditRetention")))
  -- Without an order the planner, which does not know the retention, expects old events everywhere and reads all.
  ORDER BY "at" ${oneBatch} FOR UPDATE SKIP LOCKED)
RETURNING 1`

/** Removes events older than the retention, in seconds, and than what the owner of the tables keeps; returns how many. */
export const purgeAuditEvents = (db: Database, retentionSeconds: number): Promise<number> =>
  inBatches(db, 'purge-audit-events', purgeOlder(retentionSeconds))
