import { setTimeout as pause } from 'node:timers/promises'
import closeWithGrace from 'close-with-grace'
import type { FastifyBaseLogger } from 'fastify'

/** Longest time for what has begun, after the drain delay. */
const closingMs = 15_000

type Stoppable = { readonly log: FastifyBaseLogger; drain(): void }

/**
 * Ends the process after a signal: says so, is drained for `drainSeconds`, then closes. A second signal,
 * or an error that nobody caught, does not wait.
 */
export function stopGracefully(
  { log, drain }: Stoppable,
  drainSeconds: number,
  close: () => Promise<void>
): void {
  closeWithGrace({ delay: drainSeconds * 1000 + closingMs }, async ({ err, signal }) => {
    if (err !== undefined) log.fatal({ err }, 'stopping after an unhandled error')
    else {
      log.info({ signal, drainSeconds }, 'stopping')
      drain()
      await pause(drainSeconds * 1000)
    }
    await close()
  })
}
