import fp from 'fastify-plugin'
import { isUnavailable } from '../src/base/database/failures.js'
import { warnWhenMfaOff } from '../src/mfa/warn-when-off.js'
import { prepareDatabase } from '../src/open-deps.js'
import { inviteFirstAdmin } from '../src/operator/first-admin.js'
import { unavailable } from './http/problem-body.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answers although the database has never been seen. */
    servesUnprepared?: true
  }
  interface FastifyInstance {
    /** Whether the service can serve. @throws {Problem} `unavailable` while it cannot. */
    health(): Promise<void>
  }
}

const retryMs = 1000

/**
 * Looks at the database when the service starts. One that cannot be served stops the start, with other
 * migrations than ours for instance. One that is away leaves the service listening and answering 503
 * until it is back and fit to be served (FLT-01): whoever brought it back may have more to do there.
 */
export default fp(
  async fastify => {
    const { db, deps } = fastify
    let prepared = false
    let closed = false
    let told = ''
    let timer: NodeJS.Timeout | undefined

    async function attempt() {
      await prepareDatabase(db, deps)
      await inviteFirstAdmin(deps)
      await warnWhenMfaOff(deps)
      prepared = true
    }

    /** Tells what is in the way when that is another thing than before, not at every try. */
    function tryLater(error: unknown) {
      if (closed) return
      const state = isUnavailable(error)
        ? 'the database does not answer; trying again'
        : `not ready, trying again: ${(error as Error).message}`
      if (state !== told) fastify.log.warn({ err: error }, state)
      told = state
      timer = setTimeout(() => attempt().then(tellReady, tryLater), retryMs).unref()
    }
    const tellReady = () => fastify.log.info('the database is ready')

    fastify.addHook('onReady', async () => {
      try {
        await attempt()
      } catch (error) {
        if (!isUnavailable(error)) throw error
        tryLater(error)
      }
    })
    fastify.addHook('onClose', async () => {
      closed = true
      clearTimeout(timer)
    })
    fastify.addHook('onRequest', async request => {
      if (!prepared && request.routeOptions.config.servesUnprepared !== true) throw unavailable()
    })
    fastify.decorate('health', async () => {
      if (!prepared) throw unavailable()
      await deps.db.run({ name: 'ping', text: 'SELECT 1' }, [])
    })
  },
  { name: 'readiness', fastify: '5.x', dependencies: ['prisma', 'deps'] }
)
