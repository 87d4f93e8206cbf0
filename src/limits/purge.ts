import type { Database } from '../base/database/database.js'
import { inBatches, oneBatch } from '../base/database/in-batches.js'
import { sql } from '../base/database/sql.js'

const purgeBudgets = sql`
DELETE FROM "AttemptBudget" WHERE "key" IN (
  SELECT "key" FROM "AttemptBudget" WHERE "expiresAt" < now() ${oneBatch} FOR UPDATE SKIP LOCKED)
RETURNING 1`

const purgeCounts = sql`
DELETE FROM "RequestCount" WHERE "key" IN (
  SELECT "key" FROM "RequestCount" WHERE "resetsAt" < now() ${oneBatch} FOR UPDATE SKIP LOCKED)
RETURNING 1`

/** Removes budgets and counts whose period is over; returns how many. */
export async function purgeAttempts(db: Database): Promise<number> {
  const budgets = await inBatches(db, 'purge-attempt-budgets', purgeBudgets)
  return budgets + (await inBatches(db, 'purge-request-counts', purgeCounts))
}
