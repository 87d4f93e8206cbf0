import type { FastifyPluginAsync } from 'fastify'
import health from './health.js'
import login from './login.js'
import logout from './logout.js'
import passwordChange from './password/change.js'
import refresh from './refresh.js'
import registration from './registration/index.js'
import sessions from './sessions.js'
import user from './user.js'
import wellKnown from './well-known.js'

/** Everything that is served. What `BASE_PATH` moves is registered under it. */
const routes: FastifyPluginAsync = async fastify => {
  const prefix = fastify.deps.config.BASE_PATH
  const api = [registration, login, refresh, logout, sessions, user, passwordChange]
  for (const plugin of api) await fastify.register(plugin, { prefix })
  for (const plugin of [wellKnown, health]) await fastify.register(plugin)
}

export default routes
