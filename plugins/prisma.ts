import fp from 'fastify-plugin'
import type { Config } from '../src/base/config/load.js'
import type { OpenDatabase } from '../src/base/database/database.js'
import type { Tracing } from '../src/base/tracing.js'
import { openPool } from '../src/open-deps.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** The pool and the Prisma client over it. */
    readonly db: OpenDatabase
  }
}

/** Opens the shared pool, and closes it after the last request. */
export default fp<{ config: Config; tracing: Tracing | null }>(
  async (fastify, { config, tracing }) => {
    const db = openPool(config, fastify.log, tracing)
    fastify.decorate('db', db)
    fastify.addHook('onClose', () => db.close())
  },
  { name: 'prisma', fastify: '5.x' }
)
