import fp from 'fastify-plugin'
import { isUnavailable } from '../src/base/database/failures.js'
import { sql } from '../src/base/database/sql.js'
import { warnWhenMfaOff } from '../src/mfa/warn-when-off.js'
import { prepareDatabase } from '../src/open-deps.js'
import { inviteFirstAdmin } from '../src/operator/first-admin.js'
import { unavailable } from './http/problem-body.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route answers before the database is ready. */
    servesUnprepared?: true
  }
  interface FastifyInstance {
    /** Whether the service can serve. @throws {Problem} `unavailable` while it cannot. */
    health(): Promise<void>
  }
}

const retryMs = 1000

/**
 * Checks the database at the start. A database with wrong migrations, for example, stops the start.
 * With a database that is down, the service listens and answers 503 until the database is up and
 * passes the same checks (FLT-01): after an outage its migrations may be missing for a while.
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

    /** Logs the reason only when it differs from the last one. */
    function tryLater(error: unknown) {
      if (closed) return
      const state = isUnavailable(error)
        ? 'the database does not answer, trying again'
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
      await deps.db.run('ping', sql`SELECT 1`)
    })
  },
  { name: 'readiness', fastify: '5.x', dependencies: ['prisma', 'deps'] }
)
