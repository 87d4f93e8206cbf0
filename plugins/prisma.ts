import fp from 'fastify-plugin'
import type { Config } from '../src/base/config/load.js'
import type { OpenDatabase } from '../src/base/database/database.js'
import { openPool } from '../src/open-deps.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** The pool and the Prisma client over it. */
    readonly db: OpenDatabase
  }
}

/** Opens the shared pool, and closes it after the last request. */
export default fp<{ config: Config }>(
  async (fastify, { config }) => {
    const db = openPool(config, fastify.log)
    fastify.decorate('db', db)
    fastify.addHook('onClose', () => db.close())
  },
  { name: 'prisma', fastify: '5.x' }
)
