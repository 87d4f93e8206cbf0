import fp from 'fastify-plugin'
import { isUnavailable } from '../src/base/database/failures.js'
import { Problem } from '../src/base/errors/problem.js'
import { warnWhenMfaOff } from '../src/mfa/warn-when-off.js'
import { prepareDatabase } from '../src/open-deps.js'
import { inviteFirstAdmin } from '../src/operator/first-admin.js'

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
const unavailable = () => new Problem('unavailable', { params: { seconds: 5 }, retryAfter: 5 })

/**
 * Looks at the database when the service starts. One that is away leaves the service listening and
 * answering 503 until it is back (FLT-01); one with other migrations than ours stops the start.
 */
export default fp(
  async fastify => {
    const { db, deps } = fastify
    let prepared = false
    let timer: NodeJS.Timeout | undefined

    async function attempt() {
      try {
        await prepareDatabase(db, deps)
        await warnWhenMfaOff(deps)
        await inviteFirstAdmin(deps)
        prepared = true
      } catch (error) {
        if (!isUnavailable(error)) throw error
        fastify.log.warn({ err: error }, 'the database does not answer; trying again')
        timer = setTimeout(
          () => attempt().catch(err => fastify.log.fatal({ err }, 'cannot serve')),
          retryMs
        ).unref()
      }
    }

    fastify.addHook('onReady', attempt)
    fastify.addHook('onClose', async () => clearTimeout(timer))
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
