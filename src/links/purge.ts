import type { Database } from '../base/database/database.js'
import { inBatches, oneBatch } from '../base/database/in-batches.js'
import { sql } from '../base/database/sql.js'

const purgeExpired = sql`
DELETE FROM "Link" WHERE "id" IN (
  SELECT "id" FROM "Link" l WHERE "expiresAt" < now() - interval '30 days'
    -- A dead mail keeps it: without it the mail would look as if it never had one.
    AND NOT EXISTS (SELECT FROM "Mail" m WHERE m."linkId" = l."id" AND m."state" IN ('queued', 'dead'))
  ${oneBatch} FOR UPDATE SKIP LOCKED)
RETURNING 1`

/** Removes links that expired a month ago; until then a late visitor is told why. How many. */
export const purgeLinks = (db: Database): Promise<number> =>
  inBatches(db, 'purge-links', purgeExpired)
