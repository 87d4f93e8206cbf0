import fp from 'fastify-plugin'
import type { Config } from '../src/base/config/load.js'
import type { Deps } from '../src/deps.js'
import { openDeps } from '../src/open-deps.js'

declare module 'fastify' {
  interface FastifyInstance {
    readonly deps: Deps
    /** Migrates or checks the database, and reads the keys. */
    prepare(): Promise<void>
  }
}

/** Opens what the domain works with, and closes it after the last request. */
export default fp<{ config: Config; overrides: Partial<Deps> }>(
  async (fastify, { config, overrides }) => {
    const { deps, prepare, close } = openDeps(config, fastify.log, overrides)
    fastify.decorate('deps', deps)
    fastify.decorate('prepare', prepare)
    fastify.addHook('onClose', close)
  },
  { name: 'deps', fastify: '5.x' }
)
