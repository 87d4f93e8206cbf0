import type { Database } from '../database/database.js'

const batch = 1000

const purgeExpired = {
  name: 'purge-links',
  text: `
DELETE FROM "Link" WHERE "id" IN (
  SELECT "id" FROM "Link" l WHERE "expiresAt" < now() - interval '30 days'
    -- A dead mail keeps it: without it the mail would look as if it never had one.
    AND NOT EXISTS (SELECT FROM "Mail" m WHERE m."linkId" = l."id" AND m."state" IN ('queued', 'dead'))
  LIMIT ${batch} FOR UPDATE SKIP LOCKED)
RETURNING 1`
}

/** Removes links that expired a month ago; until then a late visitor is told why. In batches (DAT-04). */
export async function purgeLinks(db: Database): Promise<void> {
  while ((await db.run(purgeExpired, [])).length === batch);
}
