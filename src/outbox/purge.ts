import type { Database } from '../database/database.js'
import { linkIsLive } from './queue.js'

const batch = 1000

const purgeSettled = {
  name: 'purge-mails',
  text: `
DELETE FROM "Mail" WHERE "id" IN (
  SELECT "id" FROM "Mail" WHERE "settledAt" < now() - interval '30 days' LIMIT ${batch} FOR UPDATE SKIP LOCKED)
RETURNING 1`
}

const eraseDeadSecrets = {
  name: 'erase-dead-secrets',
  text: `
UPDATE "Mail" SET "sealedSecret" = NULL WHERE "id" IN (
  SELECT m."id" FROM "Mail" m
  LEFT JOIN "Link" l ON l."id" = m."linkId" LEFT JOIN "User" u ON u."id" = l."userId"
  WHERE m."state" = 'dead' AND m."sealedSecret" IS NOT NULL AND NOT COALESCE(${linkIsLive}, false)
  LIMIT ${batch} FOR UPDATE OF m SKIP LOCKED)
RETURNING 1`
}

/**
 * Removes mails that were settled a month ago, and the secrets of dead ones that nobody can sensibly
 * send any more. In batches (DAT-02, DAT-04).
 */
export async function purgeMails(db: Database): Promise<void> {
  for (const statement of [eraseDeadSecrets, purgeSettled]) {
    while ((await db.run(statement, [])).length === batch);
  }
}

const dropQueued = {
  name: 'drop-queued-mails',
  text: `
UPDATE "Mail" SET "state" = 'dropped', "settledAt" = now(), "sealedSecret" = NULL, "leasedUntil" = NULL
WHERE "id" IN (SELECT "id" FROM "Mail" WHERE "state" = 'queued' LIMIT ${batch} FOR UPDATE SKIP LOCKED)
RETURNING 1`
}

/** With `EMAIL_DISABLED` nobody will ever send these; should mail come back, it is not for old news. */
export async function dropQueuedMails(db: Database): Promise<void> {
  while ((await db.run(dropQueued, [])).length === batch);
}
