import type { Database } from '../database/database.js'

const purgeBudgets = {
  name: 'purge-attempt-budgets',
  text: `
DELETE FROM "AttemptBudget" WHERE "key" IN (
  SELECT "key" FROM "AttemptBudget" WHERE "expiresAt" < now() LIMIT 1000 FOR UPDATE SKIP LOCKED)
RETURNING 1`
}

const purgeCounts = {
  name: 'purge-request-counts',
  text: `
DELETE FROM "RequestCount" WHERE "key" IN (
  SELECT "key" FROM "RequestCount" WHERE "resetsAt" < now() LIMIT 1000 FOR UPDATE SKIP LOCKED)
RETURNING 1`
}

/** Removes budgets and counts whose period is over, in batches. */
export async function purgeAttempts(db: Database): Promise<void> {
  for (const statement of [purgeBudgets, purgeCounts]) {
    while ((await db.run(statement, [])).length === 1000);
  }
}
