import fp from 'fastify-plugin'
import { subscribeToEvents } from '../src/audit/webhooks/subscribe.js'
import { isRefused, isUnavailable, troubleOf } from '../src/base/database/failures.js'
import { checkSpace, checkWritable } from '../src/limits/check-writable.js'
import { warnWhenMfaOff } from '../src/mfa/warn-when-off.js'
import { prepareDatabase } from '../src/open-deps.js'
import { inviteFirstAdmin } from '../src/operator/first-admin.js'
import { readSchemes } from '../src/passwords/schemes.js'
import { unavailable } from './http/problem-body.js'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route answers before the database is ready. */
    servesUnprepared?: true
  }
  interface FastifyInstance {
    /** Whether the service can serve. @throws {Problem} `unavailable` while it cannot. */
    health(): Promise<void>
    /** From now on `health` says no, and the service goes on serving. */
    drain(): void
  }
}

const retryMs = 1000
/** A load balancer that asks gets its answer within three seconds, also while the server hangs. */
const longestCheckMs = 2500
/** Other instances refuse tokens of one whose clock is further ahead: the tolerance of `iat`. */
const clockToleranceMs = 60_000

/**
 * Checks the database at the start. A database with wrong migrations, for example, stops the start.
 * With a database that is down, the service listens and answers 503 until the database is up and
 * passes the same checks (FLT-01): after an outage its migrations may be missing for a while.
 */
export default fp(
  async fastify => {
    const { db, deps } = fastify
    let prepared = false
    let draining = false
    let closed = false
    let told = ''
    let timer: NodeJS.Timeout | undefined

    async function attempt() {
      await prepareDatabase(db, deps)
      await subscribeToEvents(deps)
      await inviteFirstAdmin(deps)
      await warnWhenMfaOff(deps)
      prepared = true
      // Only the first sign-in needs the result, so the start does not wait for it.
      deps.hasher.prepare(await readSchemes(deps.db)).catch(() => {})
    }

    /** Logs the reason only when it differs from the last one. */
    function tryLater(error: unknown) {
      if (closed) return
      const state = isUnavailable(error)
        ? `the database ${troubleOf(error)}, trying again`
        : `not ready, trying again: ${(error as Error).message}`
      if (state !== told) fastify.log.warn({ err: error }, state)
      told = state
      timer = setTimeout(() => attempt().then(tellReady, tryLater), retryMs).unref()
    }
    const tellReady = () => fastify.log.info('the database is ready')

    fastify.addHook('onReady', async () => {
      try {
        await attempt()
      } catch (error) {
        if (!isUnavailable(error) || isRefused(error)) throw error
        tryLater(error)
      }
    })
    fastify.addHook('onClose', async () => {
      closed = true
      clearTimeout(timer)
    })
    fastify.addHook('onRequest', (request, _reply, done) => {
      const isServed = prepared || request.routeOptions.config.servesUnprepared === true
      done(isServed ? undefined : unavailable())
    })

    let clockIsOff = false
    /** Fails where the database's time is too far from every moment of the question. Logged when it changes. */
    function requireSameTime(before: number, there: number, after: number) {
      const apartMs = there < before ? there - before : Math.max(0, there - after)
      const isOff = Math.abs(apartMs) > clockToleranceMs
      if (isOff && !clockIsOff)
        fastify.log.error(
          { event: 'clock.differs', seconds: Math.round(-apartMs / 1000) },
          clocksDiffer
        )
      if (!isOff && clockIsOff) fastify.log.info('the clocks agree again')
      clockIsOff = isOff
      if (isOff) throw unavailable()
    }

    /** Those who ask at the same time share one check, so that a server that hangs is not asked more and more. */
    let checking: Promise<void> | undefined
    async function check() {
      const before = deps.clock().getTime()
      const there = (await checkWritable(db)).getTime()
      requireSameTime(before, there, deps.clock().getTime())
      if (!db.trouble.diskFull) return
      await checkSpace(db)
      db.trouble.diskFull = false
    }
    fastify.decorate('health', async () => {
      if (!prepared || draining) throw unavailable()
      checking ??= check().finally(() => {
        checking = undefined
      })
      await within(longestCheckMs, checking)
    })
    fastify.decorate('drain', () => {
      draining = true
    })
  },
  { name: 'readiness', fastify: '5.x', dependencies: ['prisma', 'deps'] }
)

const clocksDiffer =
  'not ready: the clocks of this machine and of the database differ; synchronise both (NTP)'

async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(unavailable()), ms)
  })
  await Promise.race([work, late]).finally(() => clearTimeout(timer))
}
