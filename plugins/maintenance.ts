import fp from 'fastify-plugin'
import { runMaintenance } from '../src/operator/maintenance.js'

const everyMs = 60_000

/** Once a minute what `postern purge` does: keys that are due, rows that nobody can use any more. */
export default fp(
  async fastify => {
    const { deps } = fastify
    let running: Promise<unknown> = Promise.resolve()
    const timer = setInterval(() => {
      running = runMaintenance(deps).then(({ failures }) => {
        // One line: while the database is away every step fails.
        const told = failures.map(({ step, error }) => `${step}: ${(error as Error).message}`)
        if (told.length > 0)
          deps.log.warn({ failures: told }, 'maintenance failed in part; it will be tried again')
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
