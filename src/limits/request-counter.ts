import type { Database } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'

/** The requests of one key in its current window, with this one, and when the window ends. */
export type RequestCount = { readonly current: number; readonly ttlMs: number }

/** Counts requests in fixed windows. */
export type RequestCounter = { count(key: string, windowMs: number): Promise<RequestCount> }

/** Counts several requests of a key at once; the answer is for the last of them. */
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
 * Counts in the database. One statement runs at a time and counts all requests that arrived while the
 * previous one ran, so under load a request costs less than a statement. Counts are exact, survive a
 * restart and are shared by instances (BRF-08).
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
        // Waits for the end of this event loop turn, so that requests that arrive together share a statement.
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
    SELECT key, hits, date_trunc('milliseconds', now()) + make_interval(secs => window_ms / 1000.0)
    FROM unnest(${keys}::text[], ${hits}::int4[], ${windows}::int4[]) AS b (key, hits, window_ms) ORDER BY key
    ON CONFLICT ("key") DO UPDATE SET
      "count" = CASE WHEN c."resetsAt" <= now() THEN EXCLUDED."count" ELSE c."count" + EXCLUDED."count" END,
      "resetsAt" = CASE WHEN c."resetsAt" <= now() THEN EXCLUDED."resetsAt" ELSE c."resetsAt" END
    RETURNING "key", "count", extract(epoch FROM "resetsAt" - now())::float8 * 1000 AS "ttlMs",
      -- A count lost in a power cut is harmless, so this statement does not wait for the disk.
      set_config('synchronous_commit', 'off', true) AS "asynchronous"`
  return db.run<Row>('count-requests', statement)
}

/** Requests of one batch get consecutive counts, as if each had been counted alone. */
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

const maxLocalKeys = 100_000

/** Counts in this process while the shared store is unavailable. When full, it starts again from zero. */
export function createLocalCounter(clock: () => Date): RequestCounter {
  const windows = new Map<string, { current: number; endsAt: number }>()
  return {
    async count(key, windowMs) {
      const now = clock().getTime()
      const known = windows.get(key)
      const window =
        known !== undefined && known.endsAt > now ? known : { current: 0, endsAt: now + windowMs }
      window.current++
      if (windows.size >= maxLocalKeys) windows.clear()
      windows.set(key, window)
      return { current: window.current, ttlMs: window.endsAt - now }
    }
  }
}
