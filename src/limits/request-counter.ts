import type { Database } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'

/** How many requests of one key fell into its current window, this one included, and when that ends. */
export type RequestCount = { readonly current: number; readonly ttlMs: number }

/** Counts requests in fixed windows, in a store that instances share. */
export type RequestCounter = { count(key: string, windowMs: number): Promise<RequestCount> }

/** One that can take several requests of a key at once; the answer is about the last of them. */
export type BulkCounter = {
  count(key: string, windowMs: number, requests?: number): Promise<RequestCount>
}

type Row = { readonly key: string; readonly count: number; readonly ttlMs: number }
type Waiting = {
  readonly windowMs: number
  readonly hits: {
    readonly requests: number
    resolve(count: RequestCount): void
    reject(error: unknown): void
  }[]
}

const requestsIn = ({ hits }: Waiting) => hits.reduce((sum, { requests }) => sum + requests, 0)

/**
 * The counter in the database. One statement is in flight at a time and carries all that arrived
 * while the one before it ran: under load a request costs a fraction of a statement, alone it costs
 * one. Counts are exact, outlive a restart and are shared by instances (BRF-08).
 */
export function createDatabaseCounter(db: Database): BulkCounter {
  let waiting = new Map<string, Waiting>()
  let flushing = false

  async function flush() {
    flushing = true
    while (waiting.size > 0) {
      const batch = waiting
      waiting = new Map()
      try {
        settle(batch, await countBatch(db, batch))
      } catch (error) {
        for (const { hits } of batch.values()) for (const { reject } of hits) reject(error)
      }
    }
    flushing = false
  }

  return {
    count: (key, windowMs, requests = 1) =>
      new Promise((resolve, reject) => {
        const entry = waiting.get(key) ?? { windowMs, hits: [] }
        entry.hits.push({ requests, resolve, reject })
        waiting.set(key, entry)
        // After this turn of the event loop, so that requests read from sockets together go together.
        if (!flushing) setImmediate(() => flushing || flush())
      })
  }
}

async function countBatch(db: Database, batch: Map<string, Waiting>): Promise<Row[]> {
  const entries = [...batch.entries()]
  const keys = entries.map(([key]) => key)
  const hits = entries.map(([, entry]) => requestsIn(entry))
  const windows = entries.map(([, { windowMs }]) => windowMs)
  const statement = sql`
    INSERT INTO "RequestCount" AS c ("key", "count", "resetsAt")
    SELECT key, hits, now() + make_interval(secs => window_ms / 1000.0)
    FROM unnest(${keys}::text[], ${hits}::int4[], ${windows}::int4[]) AS b (key, hits, window_ms) ORDER BY key
    ON CONFLICT ("key") DO UPDATE SET
      "count" = CASE WHEN c."resetsAt" <= now() THEN EXCLUDED."count" ELSE c."count" + EXCLUDED."count" END,
      "resetsAt" = CASE WHEN c."resetsAt" <= now() THEN EXCLUDED."resetsAt" ELSE c."resetsAt" END
    RETURNING "key", "count", extract(epoch FROM "resetsAt" - now())::float8 * 1000 AS "ttlMs",
      -- A count lost in a power cut is harmless, so no request waits for the disk here.
      set_config('synchronous_commit', 'off', true) AS "asynchronous"`
  return db.run<Row>('count-requests', statement)
}

/** Each of those counted together is told the count as if they had come one after another. */
function settle(batch: Map<string, Waiting>, rows: readonly Row[]) {
  for (const { key, count, ttlMs } of rows) {
    const entry = batch.get(key)
    if (entry === undefined) continue
    let current = count - requestsIn(entry)
    for (const { requests, resolve } of entry.hits) {
      current += requests
      resolve({ current, ttlMs: Math.max(0, ttlMs) })
    }
  }
}

const mostLocalKeys = 100_000

/** The counter in this process, for while the shared one is away. Full, it starts over rather than grow. */
export function createLocalCounter(clock: () => Date): RequestCounter {
  const windows = new Map<string, { current: number; endsAt: number }>()
  return {
    async count(key, windowMs) {
      const now = clock().getTime()
      const known = windows.get(key)
      const window =
        known !== undefined && known.endsAt > now ? known : { current: 0, endsAt: now + windowMs }
      window.current++
      if (windows.size >= mostLocalKeys) windows.clear()
      windows.set(key, window)
      return { current: window.current, ttlMs: window.endsAt - now }
    }
  }
}
