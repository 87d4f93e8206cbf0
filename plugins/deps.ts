import fp from 'fastify-plugin'
import type { Config } from '../src/base/config/load.js'
import type { Tracing } from '../src/base/tracing.js'
import type { Deps } from '../src/deps.js'
import { openDeps } from '../src/open-deps.js'

declare module 'fastify' {
  interface FastifyInstance {
    readonly deps: Deps
  }
}

/** Opens what the functions of `src` need, and closes it after the last request. */
export default fp<{ config: Config; overrides: Partial<Deps>; tracing: Tracing | null }>(
  async (fastify, { config, overrides, tracing }) => {
    const deps = openDeps(config, fastify.log, fastify.db, overrides, tracing)
    fastify.decorate('deps', deps)
    fastify.addHook('onClose', () => deps.hasher.close())
  },
  { name: 'deps', fastify: '5.x', dependencies: ['prisma'] }
)
