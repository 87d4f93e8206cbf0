import type { Deps } from '../deps.js'
import type { RequestCount } from './request-counter.js'

const againMs = 60_000

/** Tells the log that the counter which instances share fails, at most once a minute, and that it works again. */
export function createCounterHealth({ log, clock }: Pick<Deps, 'log' | 'clock'>) {
  let failing = false
  let toldAt = 0
  return {
    good() {
      if (failing) log.info({}, 'the shared counter of requests works again')
      failing = false
    },
    bad(err: unknown) {
      const now = clock().getTime()
      if (now - toldAt < againMs) return
      toldAt = now
      failing = true
      log.warn({ err }, 'the shared counter of requests fails; this process counts by itself')
    }
  }
}

/** The same counter, its outcomes told. */
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
