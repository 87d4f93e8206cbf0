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

/** The counter in Redis. It rejects quickly if Redis is unavailable, so that the caller can use another counter. */
export function createRedisCounter(
  url: string,
  onError: (error: Error) => void
): RequestCounter & { close(): Promise<void> } {
  const redis = new Redis(url, {
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    commandTimeout: 500
  })
  redis.on('error', onError)
  return {
    async count(key, windowMs) {
      const [current, ttlMs] = (await redis.eval(script, 1, `postern:${key}`, windowMs)) as [
        number,
        number
      ]
      return { current, ttlMs: Math.max(0, ttlMs) }
    },
    close: async () => redis.disconnect()
  }
}
