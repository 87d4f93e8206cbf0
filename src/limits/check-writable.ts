import type { Database } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'

const writable = sql`SELECT 1 FROM "RequestCount" WHERE false FOR NO KEY UPDATE`

/** Fails where the database can only be read, as after a failover. It locks no row and writes nothing. */
export async function checkWritable(db: Database): Promise<void> {
  await db.run('check-writable', writable)
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
