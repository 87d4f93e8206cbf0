import type { Database } from '../base/database/database.js'
import { batchSize, inBatches } from '../base/database/in-batches.js'

const purge = (table: 'MfaChallenge' | 'PendingAuthenticator') => ({
  name: `purge-${table}`,
  text: `
DELETE FROM "${table}" WHERE "id" IN (
  SELECT "id" FROM "${table}" WHERE "expiresAt" < now() LIMIT ${batchSize} FOR UPDATE SKIP LOCKED)
RETURNING 1`
})

/** Removes sign-ins and setups that nobody can finish any more. How many. */
export async function purgeChallenges(db: Database): Promise<number> {
  const setups = await inBatches(db, purge('PendingAuthenticator'))
  return setups + (await inBatches(db, purge('MfaChallenge')))
}
