import rateLimit from '@fastify/rate-limit'
import fp from 'fastify-plugin'
import { throttled } from '../src/base/errors/problem.js'
import type { Deps } from '../src/deps.js'
import { createAheadCounter, type LimitCounter } from '../src/limits/ahead-counter.js'
import {
  createDatabaseCounter,
  createLocalCounter,
  type RequestCount,
  type RequestCounter
} from '../src/limits/request-counter.js'
import { createCounterHealth, watched } from '../src/limits/watched-counter.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** The limit of requests refused it, not a budget of attempts. */
    isLimited: boolean
  }
  interface FastifyContextConfig {
    /** Budget of the route, in place of the default one. Routes with the same name share it. False: no limit. */
    limit?: 'login' | 'registration' | 'refresh' | 'password_reset' | 'mfa' | false
  }
}

type Answer = (error: Error | null, result?: { current: number; ttl: number }) => void

/**
 * Limits requests per network on every route, also on unknown paths (BRF-14). All instances share
 * the counters. When the shared store fails, a counter in the process takes over and the log says
 * so (BRF-12).
 */
export default fp(
  async fastify => {
    const { config } = fastify.deps
    const budgets = {
      login: config.RATE_LIMIT_LOGIN,
      registration: config.RATE_LIMIT_REGISTRATION,
      refresh: config.RATE_LIMIT_REFRESH,
      password_reset: config.RATE_LIMIT_PASSWORD_RESET,
      mfa: config.RATE_LIMIT_MFA
    }
    const shared = await openCounter(fastify.deps)
    fastify.addHook('onClose', shared.close)
    fastify.decorateRequest('isLimited', false)
    fastify.addHook('onRoute', route => {
      const { limit } = route.config ?? {}
      if (limit === undefined) return
      if (limit === false) {
        route.config = { ...route.config, rateLimit: false }
        return
      }
      const { count: max, seconds } = budgets[limit]
      const rateLimit = { groupId: `:${limit}`, max, timeWindow: seconds * 1000 }
      route.config = { ...route.config, rateLimit }
    })

    await fastify.register(rateLimit, {
      global: true,
      max: config.RATE_LIMIT_DEFAULT.count,
      timeWindow: config.RATE_LIMIT_DEFAULT.seconds * 1000,
      ...(config.RATE_LIMIT_ENABLED ? {} : { allowList: () => true }),
      keyGenerator: request => request.sender.network,
      store: storeOver(
        shared,
        createLocalCounter(() => fastify.deps.clock())
      ),
      errorResponseBuilder: (request, { ttl }) => {
        request.isLimited = true
        return throttled(ttl / 1000)
      },
      addHeadersOnExceeding: noHeaders,
      addHeaders: noHeaders
    })
  },
  { name: 'rate-limit', fastify: '5.x', dependencies: ['deps', 'sender'] }
)

const noHeaders = {
  'x-ratelimit-limit': false,
  'x-ratelimit-remaining': false,
  'x-ratelimit-reset': false
}

/** Counts in the database, or in Redis with `REDIS_URL`. The Redis client is loaded only when needed. */
async function openCounter({ config, db, log, clock }: Deps): Promise<LimitCounter> {
  const health = createCounterHealth({ log, clock })
  if (config.REDIS_URL === null)
    return createAheadCounter(watched(createDatabaseCounter(db), health), clock)
  const { createRedisCounter } = await import('../src/limits/redis-counter.js')
  const { close, ...counter } = createRedisCounter(config.REDIS_URL, health.bad)
  return { ...watched(counter, health), close }
}

/** The plugin's store interface over a counter. Routes share one store: the key contains the group. */
function storeOver(shared: LimitCounter, local: RequestCounter) {
  return class {
    incr(key: string, answer: Answer, timeWindow: number, max: number) {
      const tell = ({ current, ttlMs }: RequestCount) => answer(null, { current, ttl: ttlMs })
      const count = shared.count(key, timeWindow, max)
      if (count instanceof Promise)
        count.catch(() => local.count(key, timeWindow)).then(tell, answer)
      else tell(count)
    }

    child() {
      return this
    }
  }
}
