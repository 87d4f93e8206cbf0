import type { Database } from '../database/database.js'

const purgeOld = {
  name: 'purge-audit-events',
  text: `
DELETE FROM "AuditEvent" WHERE "id" IN (
  SELECT "id" FROM "AuditEvent" WHERE "at" < now() - make_interval(secs => $1::float8)
  LIMIT 1000 FOR UPDATE SKIP LOCKED)
RETURNING 1`
}

/** Removes events older than the retention, in batches. */
export async function purgeAuditEvents(db: Database, retentionSeconds: number): Promise<void> {
  while ((await db.run(purgeOld, [retentionSeconds])).length === 1000);
}
