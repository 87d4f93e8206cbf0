import { setTimeout as pause } from 'node:timers/promises'
import closeWithGrace from 'close-with-grace'
import type { FastifyBaseLogger } from 'fastify'

/** Longest time for what has begun, after the drain delay. */
const closingMs = 15_000

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

type Stoppable = { readonly log: FastifyBaseLogger; drain(): void }

/**
 * Ends the process after a signal: says so, is drained for `drainSeconds`, then closes. A second signal,
 * or an error that nobody caught, does not wait.
 *
 * @param asked Ends the process instead of a signal: a terminal sends Ctrl-C to every process, and the one that
 *   asks has had it too.
 */
export function stopGracefully(
  { log, drain }: Stoppable,
  drainSeconds: number,
  close: () => Promise<void>,
  asked?: Promise<void>
): void {
  const skip = asked === undefined ? [] : [...signals]
  const delay = drainSeconds * 1000 + closingMs
  const ending = closeWithGrace({ delay, skip }, async ({ err, signal }) => {
    if (err !== undefined) log.fatal({ err }, 'stopping after an unhandled error')
    else {
      log.info({ signal, drainSeconds }, 'stopping')
      drain()
      await pause(drainSeconds * 1000)
    }
    await close()
  })
  for (const signal of skip) process.on(signal, () => undefined)
  asked?.then(ending.close)
}
