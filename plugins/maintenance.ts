import fp from 'fastify-plugin'
import { readKeysAgain, runMaintenance } from '../src/operator/maintenance.js'

const everyMs = 60_000

type Options = {
  /** False in a process beside another of the same instance, which does the rest. */
  readonly keepsHouse: boolean
}

/**
 * Rotates keys that are due and deletes unusable rows, once a minute, as `postern purge` does. Every process reads
 * the keys again: it signs and verifies with those in its memory.
 */
export default fp<Options>(
  async (fastify, { keepsHouse }) => {
    const { deps } = fastify
    const work = keepsHouse ? runMaintenance : readKeysAgain
    let running: Promise<unknown> = Promise.resolve()
    const timer = setInterval(() => {
      running = work(deps).then(({ failures }) => {
        // One log line for all steps: every step fails while the database is down.
        const told = failures.map(({ step, error }) => `${step}: ${(error as Error).message}`)
        if (told.length > 0)
          deps.log.warn(
            { failures: told },
            'some maintenance steps failed and run again in a minute'
          )
      })
    }, everyMs)
    timer.unref()
    fastify.addHook('onClose', async () => {
      clearInterval(timer)
      await running
    })
  },
  { name: 'maintenance', fastify: '5.x', dependencies: ['deps'] }
)
