import type { onRequestHookHandler } from 'fastify'
import fp from 'fastify-plugin'
import { throttled } from '../src/base/errors/problem.js'
import type { Deps } from '../src/deps.js'
import { createAheadCounter, type LimitCounter } from '../src/limits/ahead-counter.js'
import {
  createDatabaseCounter,
  createLocalCounter,
  type RequestCount
} from '../src/limits/request-counter.js'
import { createCounterHealth, watched } from '../src/limits/watched-counter.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** The default limit, for requests without a route. */
    readonly limitRequests: onRequestHookHandler
  }
  interface FastifyRequest {
    /** The limit of requests refused it, not a budget of attempts. */
    isLimited: boolean
  }
  interface FastifyContextConfig {
    /** Budget of the route, in place of the default one. Routes with the same name share it. False: no limit. */
    limit?: 'login' | 'registration' | 'refresh' | 'password_reset' | 'mfa' | false
  }
}

/**
 * Limits requests per network on every route, also on unknown paths (BRF-14). All instances share
 * the counters. When the shared store fails, a counter in the process takes over and the log says
 * so (BRF-12).
 */
export default fp(
  async fastify => {
    const { config, clock } = fastify.deps
    const budgets = {
      login: config.RATE_LIMIT_LOGIN,
      registration: config.RATE_LIMIT_REGISTRATION,
      refresh: config.RATE_LIMIT_REFRESH,
      password_reset: config.RATE_LIMIT_PASSWORD_RESET,
      mfa: config.RATE_LIMIT_MFA
    }
    const shared = await openCounter(fastify.deps)
    const local = createLocalCounter(clock)
    fastify.addHook('onClose', shared.close)
    fastify.decorateRequest('isLimited', false)

    function limitTo(budget?: keyof typeof budgets): onRequestHookHandler {
      if (!config.RATE_LIMIT_ENABLED) return (_request, _reply, done) => done()
      const { count: max, seconds } = budget ? budgets[budget] : config.RATE_LIMIT_DEFAULT
      const windowMs = seconds * 1000
      const group = budget ? `:${budget}` : ''
      return (request, _reply, done) => {
        const judge = ({ current, ttlMs }: RequestCount) => {
          request.isLimited = current > max
          done(request.isLimited ? throttled(ttlMs / 1000) : undefined)
        }
        const key = request.sender.network + group
        const count = shared.count(key, windowMs, max)
        if (count instanceof Promise) count.catch(() => local.count(key, windowMs)).then(judge)
        else judge(count)
      }
    }
    fastify.decorate('limitRequests', limitTo())
    fastify.addHook('onRoute', route => {
      const { limit } = route.config ?? {}
      if (limit === false) return
      route.onRequest = [route.onRequest ?? [], limitTo(limit)].flat()
    })
  },
  { name: 'rate-limit', fastify: '5.x', dependencies: ['deps', 'sender'] }
)

/** Counts in the database, or in Redis with `REDIS_URL`. The Redis client is loaded only when needed. */
async function openCounter({ config, db, log, clock }: Deps): Promise<LimitCounter> {
  const health = createCounterHealth({ log, clock })
  if (config.REDIS_URL === null)
    return createAheadCounter(watched(createDatabaseCounter(db), health), clock)
  const { createRedisCounter } = await import('../src/limits/redis-counter.js')
  const { close, ...counter } = createRedisCounter(config.REDIS_URL, health.bad)
  return { ...watched(counter, health), close }
}
