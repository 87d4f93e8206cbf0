import type { Database, Statement } from './database.js'

/** As many rows as a statement for {@link inBatches} takes at once. */
export const batchSize = 1000

/**
 * Repeats a statement that touches at most {@link batchSize} rows, and returns one for each, until it
 * finds fewer: no lock is held for long, and two instances take turns (DAT-04). How many rows it was.
 */
export async function inBatches(
  db: Database,
  statement: Statement,
  values: readonly unknown[] = []
): Promise<number> {
  let count = 0
  for (;;) {
    const { length } = await db.run(statement, values)
    count += length
    if (length < batchSize) return count
  }
}
