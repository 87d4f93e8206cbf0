import { Redis } from 'ioredis'
import type { RequestCounter } from './request-counter.js'

const script = `
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('PTTL', KEYS[1])}`

/** Connects to Redis once. Rejects if it does not answer or refuses the credentials. */
export async function pingRedis(url: string): Promise<void> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 3000,
    commandTimeout: 3000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null
  })
  redis.on('error', () => {}) // connect() rejects with the same error
  try {
    await redis.connect()
    await redis.ping()
  } finally {
    redis.disconnect()
  }
}

/** Longest wait for an answer, and time between two attempts to reach a Redis that was left aside. */
const answerMs = 500
const retryMs = 1000

/**
 * The counter in Redis. Once it does not answer it is left aside: counting rejects at once, so that the
 * caller can use another counter, until a later attempt in the background succeeds (BRF-12).
 */
export function createRedisCounter(
  url: string,
  onError: (error: unknown) => void
): RequestCounter & { close(): Promise<void> } {
  const redis = new Redis(url, {
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    commandTimeout: answerMs
  })
  redis.on('error', onError)
  let failure: unknown
  let timer: NodeJS.Timeout | undefined

  function leaveAside(error: unknown) {
    failure = error
    timer ??= setTimeout(tryAgain, retryMs).unref()
  }
  async function tryAgain() {
    timer = undefined
    try {
      await redis.ping()
      failure = undefined
    } catch (error) {
      // A connection to a machine that is gone stays silent for a quarter of an hour.
      if (redis.status === 'ready') redis.disconnect(true)
      leaveAside(error)
    }
  }

  return {
    async count(key, windowMs) {
      if (failure !== undefined) throw failure
      try {
        const [current, ttlMs] = (await redis.eval(script, 1, `postern:${key}`, windowMs)) as [
          number,
          number
        ]
        return { current, ttlMs: Math.max(0, ttlMs) }
      } catch (error) {
        leaveAside(error)
        throw error
      }
    },
    close: async () => {
      clearTimeout(timer)
      redis.disconnect()
    }
  }
}
