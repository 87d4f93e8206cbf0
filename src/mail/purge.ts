import type { Database } from '../base/database/database.js'
import { inBatches, oneBatch } from '../base/database/in-batches.js'
import { sql } from '../base/database/sql.js'
import { liveLink } from '../links/sql.js'
import { withoutOrigin } from './sql.js'

const purgeSettled = sql`
DELETE FROM "Mail" WHERE "id" IN (
  SELECT "id" FROM "Mail" WHERE "settledAt" < now() - interval '30 days' ${oneBatch} FOR UPDATE SKIP LOCKED)
RETURNING 1`

/** The address of an erased account is kept no longer than its last mail needs. */
const purgeOfErased = sql`
DELETE FROM "Mail" WHERE "id" IN (
  SELECT "id" FROM "Mail" WHERE "template" = 'account-deleted' AND "settledAt" < now() ${oneBatch} FOR UPDATE SKIP LOCKED)
RETURNING 1`

const eraseDeadSecrets = sql`
UPDATE "Mail" SET "sealedSecret" = NULL, "params" = ${withoutOrigin} WHERE "id" IN (
  SELECT m."id" FROM "Mail" m
  LEFT JOIN "Link" l ON l."id" = m."linkId" LEFT JOIN "User" u ON u."id" = l."userId"
  WHERE m."state" = 'dead' AND m."sealedSecret" IS NOT NULL AND NOT COALESCE(${liveLink}, false)
  ${oneBatch} FOR UPDATE OF m SKIP LOCKED)
RETURNING 1`

/**
 * Removes mails that were settled a month ago, and those to erased accounts; returns how many. Erases the
 * secret and the origin of dead mails whose link is not live any more (DAT-02).
 */
export async function purgeMails(db: Database): Promise<number> {
  await inBatches(db, 'erase-dead-secrets', eraseDeadSecrets)
  const ofErased = await inBatches(db, 'purge-mails-of-erased', purgeOfErased)
  return ofErased + (await inBatches(db, 'purge-mails', purgeSettled))
}

const dropQueued = sql`
UPDATE "Mail" SET "state" = 'dropped', "settledAt" = now(), "sealedSecret" = NULL, "leasedUntil" = NULL,
  "params" = ${withoutOrigin}
WHERE "id" IN (SELECT "id" FROM "Mail" WHERE "state" = 'queued' ${oneBatch} FOR UPDATE SKIP LOCKED)
RETURNING 1`

/** Drops queued mails, for `EMAIL_DISABLED`: they must not go out when mail is enabled again. */
export async function dropQueuedMails(db: Database): Promise<void> {
  await inBatches(db, 'drop-queued-mails', dropQueued)
}
