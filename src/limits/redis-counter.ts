import { Redis } from 'ioredis'
import type { RequestCounter } from './request-counter.js'

const script = `
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('PTTL', KEYS[1])}`

/** Asks once whether Redis is there, and lets us in. */
export async function pingRedis(url: string): Promise<void> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 3000,
    commandTimeout: 3000,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null
  })
  // The rejection carries the same error.
  redis.on('error', () => {})
  try {
    await redis.connect()
    await redis.ping()
  } finally {
    redis.disconnect()
  }
}

/** The counter in Redis. It fails fast when Redis is away: the caller has another one. */
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
