import type { Database } from '../base/database/database.js'
import { inBatches, oneBatch } from '../base/database/in-batches.js'
import { sql } from '../base/database/sql.js'

const purgeExpired = sql`
DELETE FROM "Link" WHERE "id" IN (
  SELECT "id" FROM "Link" l WHERE "expiresAt" < now() - interval '30 days'
    -- A queued or dead mail needs its link to decide whether it may be sent.
    AND NOT EXISTS (SELECT FROM "Mail" m WHERE m."linkId" = l."id" AND m."state" IN ('queued', 'dead'))
  ${oneBatch} FOR UPDATE SKIP LOCKED)
RETURNING 1`

/** Removes links that expired a month ago, and returns how many. Until then a late visitor is told why. */
export const purgeLinks = (db: Database): Promise<number> =>
  inBatches(db, 'purge-links', purgeExpired)
