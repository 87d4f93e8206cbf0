import type { Database } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'

const writable = sql`
  SELECT now() AS "now"
  WHERE NOT EXISTS (SELECT FROM "RequestCount" WHERE false FOR NO KEY UPDATE)`

/**
 * Fails where the database can only be read, as after a failover. It locks no row and writes nothing.
 * Returns the time of the database.
 */
export async function checkWritable(db: Database): Promise<Date> {
  const [row] = await db.run<{ now: Date }>('check-writable', writable)
  return (row as { now: Date }).now
}

class Undo extends Error {}

const filler = sql`
  INSERT INTO "RequestCount" ("key", "count", "resetsAt")
  SELECT string_agg(md5(random()::text), ''), 0, now() FROM generate_series(1, 2400) AS n GROUP BY n % 40`

/** Fails while a disk of the server is full: it writes about 80 KB, and takes them back. */
export async function checkSpace(db: Database): Promise<void> {
  const work = db.transaction(async tx => {
    await tx.run('check-space', filler)
    throw new Undo()
  })
  await work.catch(error => {
    if (!(error instanceof Undo)) throw error
  })
}
