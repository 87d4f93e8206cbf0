import type { Database } from './database.js'
import { sql } from './sql.js'

const readClock = sql`SELECT clock_timestamp() AS "now"`

/** Seconds by which the clock of this process is ahead of the database's; negative: behind. */
export async function clockSkew(db: Database, clock: () => Date): Promise<number> {
  const before = clock().getTime()
  const [row] = await db.run<{ now: Date }>('read-clock', readClock)
  const middle = (before + clock().getTime()) / 2
  return Math.round((middle - (row as { now: Date }).now.getTime()) / 1000)
}
