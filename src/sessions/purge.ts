import type { Database } from '../database/database.js'

const purgeExpired = {
  name: 'purge-sessions',
  text: `
DELETE FROM "Session" WHERE "id" IN (
  SELECT "id" FROM "Session" WHERE "expiresAt" < now() - interval '7 days' LIMIT 1000 FOR UPDATE SKIP LOCKED)
RETURNING 1`
}

/** Removes sessions that ended a week ago; until then a late client is still told why. In batches (DAT-04). */
export async function purgeSessions(db: Database): Promise<void> {
  while ((await db.run(purgeExpired, [])).length === 1000);
}
