import type { Database } from './database.js'
import { type Sql, sql } from './sql.js'

export const batchSize = 1000

/** {@link batchSize}, as many rows as a statement takes at once. A value would hide the number from the planner. */
export const oneBatch = sql`LIMIT 1000`

/**
 * Repeats a statement that touches at most {@link oneBatch} of rows, and returns one for each, until it
 * finds fewer: no lock is held for long, and two instances take turns (DAT-04). How many rows it was.
 */
export async function inBatches(db: Database, name: string, statement: Sql): Promise<number> {
  let count = 0
  for (;;) {
    const { length } = await db.run(name, statement)
    count += length
    if (length < batchSize) return count
  }
}
