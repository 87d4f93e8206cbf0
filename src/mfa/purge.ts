import type { Database } from '../database/database.js'

const batch = 1000

const purge = (table: 'MfaChallenge' | 'PendingAuthenticator') => ({
  name: `purge-${table}`,
  text: `
DELETE FROM "${table}" WHERE "id" IN (
  SELECT "id" FROM "${table}" WHERE "expiresAt" < now() LIMIT ${batch} FOR UPDATE SKIP LOCKED)
RETURNING 1`
})

/** Removes sign-ins and setups that nobody can finish any more, in batches. */
export async function purgeChallenges(db: Database): Promise<void> {
  for (const statement of [purge('PendingAuthenticator'), purge('MfaChallenge')]) {
    while ((await db.run(statement, [])).length === batch);
  }
}
