import type { BulkCounter, RequestCount } from './request-counter.js'

/** A counter that knows the limit and can answer without waiting far below it. */
export type LimitCounter = {
  /** No promise where no statement runs. */
  count(key: string, windowMs: number, limit: number): RequestCount | Promise<RequestCount>
  /** Counts the remaining requests in the shared counter. */
  close(): Promise<void>
}

type Window = {
  readonly windowMs: number
  /** The last result of the shared counter plus the requests since then. */
  current: number
  endsAt: number
  uncounted: number
}

const flushEveryMs = 100
/** With a lower limit every request waits for the shared counter. */
const leastLimit = 100
const mostKeys = 10_000

/**
 * Counts requests in memory while a client is below a quarter of its limit, and adds them to the shared
 * counter every 100 ms. Above a quarter, and for an unknown count, every request waits for the shared
 * counter. One process never exceeds the limit. Other processes, of this instance or another, do not know at
 * most the requests of the last 100 ms, and at most a quarter of the limit.
 */
export function createAheadCounter(shared: BulkCounter, clock: () => Date): LimitCounter {
  const windows = new Map<string, Window>()
  let timer: NodeJS.Timeout | undefined

  async function countNow(key: string, windowMs: number, requests: number): Promise<RequestCount> {
    try {
      const count = await shared.count(key, windowMs, requests)
      const endsAt = clock().getTime() + count.ttlMs
      const uncounted = windows.get(key)?.uncounted ?? 0
      if (windows.size >= mostKeys) {
        void flush() // reads the uncounted requests before its first await
        windows.clear()
      }
      windows.set(key, { windowMs, current: count.current + uncounted, endsAt, uncounted })
      return count
    } catch (error) {
      windows.delete(key)
      throw error
    }
  }

  /** Resets and returns the number of uncounted requests, so that each is counted once. */
  function takeUncounted(window: Window | undefined): number {
    const requests = window?.uncounted ?? 0
    if (window !== undefined) window.uncounted = 0
    return requests
  }

  async function flush() {
    timer = undefined
    const due = [...windows].filter(([, { uncounted }]) => uncounted > 0)
    await Promise.allSettled(
      due.map(([key, window]) => countNow(key, window.windowMs, takeUncounted(window)))
    )
  }

  return {
    count(key, windowMs, limit) {
      const window = limit < leastLimit ? undefined : windows.get(key)
      const ttlMs = window === undefined ? 0 : window.endsAt - clock().getTime()
      if (window === undefined || ttlMs <= 0 || window.current >= limit / 4) {
        return countNow(key, windowMs, 1 + takeUncounted(window))
      }
      window.current++
      window.uncounted++
      timer ??= setTimeout(flush, flushEveryMs).unref()
      return { current: window.current, ttlMs }
    },
    async close() {
      clearTimeout(timer)
      await flush()
    }
  }
}
