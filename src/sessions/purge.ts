import type { Database } from '../base/database/database.js'
import { inBatches, oneBatch } from '../base/database/in-batches.js'
import { sql } from '../base/database/sql.js'

const purgeExpired = sql`
DELETE FROM "Session" WHERE "id" IN (
  SELECT "id" FROM "Session" WHERE "expiresAt" < now() - interval '7 days' ${oneBatch} FOR UPDATE SKIP LOCKED)
RETURNING 1`

/** Removes sessions that ended a week ago, and returns how many. Until then a late client is told why. */
export const purgeSessions = (db: Database): Promise<number> =>
  inBatches(db, 'purge-sessions', purgeExpired)
