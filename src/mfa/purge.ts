import type { Database } from '../base/database/database.js'
import { inBatches, oneBatch } from '../base/database/in-batches.js'
import { type Sql, sql } from '../base/database/sql.js'

const purgeExpired = (table: Sql) => sql`
DELETE FROM ${table} WHERE "id" IN (
  SELECT "id" FROM ${table} WHERE "expiresAt" < now() ${oneBatch} FOR UPDATE SKIP LOCKED)
RETURNING 1`

/** Removes expired challenges, pending secrets and codes that a page shows; returns how many. */
export async function purgeChallenges(db: Database): Promise<number> {
  const setups = await inBatches(db, 'purge-setups', purgeExpired(sql`"PendingAuthenticator"`))
  const codes = await inBatches(db, 'purge-shown-codes', purgeExpired(sql`"ShownCodes"`))
  return (
    setups + codes + (await inBatches(db, 'purge-challenges', purgeExpired(sql`"MfaChallenge"`)))
  )
}
