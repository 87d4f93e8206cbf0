import type { Database } from '../base/database/database.js'
import { batchSize, oneBatch } from '../base/database/in-batches.js'
import { sql } from '../base/database/sql.js'

const beginning = sql`'00000000-0000-0000-0000-000000000000'::uuid`

/**
 * Removes the expired sessions of the next slice of the primary key, and records how far it came. The row
 * lock gives each of several instances a slice of its own. The identifiers are an array: by `IN` a planner that
 * expects no expired session reads the slice once for each of them.
 */
const purgeSlice = sql`
WITH turn AS (
  SELECT "position" FROM "SessionPurge" FOR UPDATE
), slice AS MATERIALIZED (
  SELECT "id", "expiresAt" FROM "Session" WHERE "id" > COALESCE((SELECT "position" FROM turn), ${beginning})
  ORDER BY "id" ${oneBatch}
), removed AS (
  DELETE FROM "Session" s
  WHERE s."id" = ANY (ARRAY(SELECT "id" FROM slice WHERE "expiresAt" < now() - interval '7 days'))
    AND s."expiresAt" < now() - interval '7 days'
  RETURNING 1
), next AS (
  INSERT INTO "SessionPurge" ("id", "position")
  SELECT 1, COALESCE((SELECT "id" FROM slice ORDER BY "id" OFFSET ${batchSize - 1}::int4), ${beginning})
  ON CONFLICT ("id") DO UPDATE SET "position" = EXCLUDED."position"
)
SELECT (SELECT count(*)::int4 FROM slice) AS "read", (SELECT count(*)::int4 FROM removed) AS "removed"`

type Slice = { readonly read: number; readonly removed: number }

/**
 * Removes sessions that ended a week ago, and returns how many. Until then a late client is told why. A call
 * reads one slice of the table, and goes on while a tenth of a slice was removed, so that it costs the same
 * however many sessions are live.
 */
export async function purgeSessions(db: Database): Promise<number> {
  return purgeWhile(db, ({ removed }) => removed >= batchSize / 10)
}

/** The same for the whole table. */
export async function purgeAllSessions(db: Database): Promise<number> {
  await db.prisma.sessionPurge.deleteMany()
  return purgeWhile(db, () => true)
}

async function purgeWhile(db: Database, goesOn: (slice: Slice) => boolean): Promise<number> {
  let count = 0
  for (;;) {
    const [slice] = await db.run<Slice>('purge-sessions', purgeSlice)
    const { read, removed } = slice as Slice
    count += removed
    if (read < batchSize || !goesOn({ read, removed })) return count
  }
}
