import type { Deps } from '../deps.js'
import type { RequestCount } from './request-counter.js'

const logEveryMs = 60_000

/** Logs that the shared counter fails, again once a minute while it does, and its recovery. */
export function createCounterHealth({ log, clock }: Pick<Deps, 'log' | 'clock'>) {
  let failing = false
  let loggedAt = 0
  return {
    good() {
      if (failing) log.info({}, 'the shared counter of requests works again')
      failing = false
    },
    bad(err: unknown) {
      const now = clock().getTime()
      if (failing && now - loggedAt < logEveryMs) return
      loggedAt = now
      failing = true
      log.warn({ err }, 'the shared counter of requests fails; this process counts by itself')
    }
  }
}

/** Wraps a counter and reports its results to `health`. */
export const watched = <Request extends unknown[]>(
  counter: { count(...request: Request): Promise<RequestCount> },
  health: ReturnType<typeof createCounterHealth>
) => ({
  async count(...request: Request) {
    try {
      const count = await counter.count(...request)
      health.good()
      return count
    } catch (error) {
      health.bad(error)
      throw error
    }
  }
})
