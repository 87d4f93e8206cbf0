import type { Database } from '../base/database/database.js'
import { batchSize, inBatches } from '../base/database/in-batches.js'

const purgeBudgets = {
  name: 'purge-attempt-budgets',
  text: `
DELETE FROM "AttemptBudget" WHERE "key" IN (
  SELECT "key" FROM "AttemptBudget" WHERE "expiresAt" < now() LIMIT ${batchSize} FOR UPDATE SKIP LOCKED)
RETURNING 1`
}

const purgeCounts = {
  name: 'purge-request-counts',
  text: `
DELETE FROM "RequestCount" WHERE "key" IN (
  SELECT "key" FROM "RequestCount" WHERE "resetsAt" < now() LIMIT ${batchSize} FOR UPDATE SKIP LOCKED)
RETURNING 1`
}

/** Removes budgets and counts whose period is over. How many. */
export async function purgeAttempts(db: Database): Promise<number> {
  const budgets = await inBatches(db, purgeBudgets)
  return budgets + (await inBatches(db, purgeCounts))
}
