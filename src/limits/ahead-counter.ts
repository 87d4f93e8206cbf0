import type { BulkCounter, RequestCount } from './request-counter.js'

/** A counter that is told the limit, and may save a wait by it. */
export type LimitCounter = {
  count(key: string, windowMs: number, limit: number): Promise<RequestCount>
  /** Hands over what was not counted yet. */
  close(): Promise<void>
}

type Window = {
  readonly windowMs: number
  /** What the shared counter said, and what was let through since. */
  current: number
  endsAt: number
  uncounted: number
}

const flushEveryMs = 100
/** Below it nobody goes ahead: such limits guard what is dear. */
const leastLimit = 100
const mostKeys = 10_000

/**
 * Lets a client that is far from its limit go ahead, and has it counted a moment later with others.
 * In the last three quarters of the limit, and wherever the count is not known yet, every request
 * waits for the shared counter. One instance never lets more through than the limit; what another
 * does not know yet is at most what was let through here in a tenth of a second, and at most a
 * quarter of the limit.
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
        void flush() // takes over what is uncounted before its first wait
        windows.clear()
      }
      windows.set(key, { windowMs, current: count.current + uncounted, endsAt, uncounted })
      return count
    } catch (error) {
      windows.delete(key)
      throw error
    }
  }

  /** Takes over what was let through uncounted, so that it is counted once. */
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
    async count(key, windowMs, limit) {
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
