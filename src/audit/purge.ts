import type { Database } from '../base/database/database.js'
import { batchSize, inBatches } from '../base/database/in-batches.js'

const purgeOld = {
  name: 'purge-audit-events',
  text: `
DELETE FROM "AuditEvent" WHERE "id" IN (
  SELECT "id" FROM "AuditEvent" WHERE "at" < now() - make_interval(secs => $1::float8)
  LIMIT ${batchSize} FOR UPDATE SKIP LOCKED)
RETURNING 1`
}

/** Removes events older than the retention. How many. */
export const purgeAuditEvents = (db: Database, retentionSeconds: number): Promise<number> =>
  inBatches(db, purgeOld, [retentionSeconds])
