import { createServer, type Server } from 'node:http'
import fp from 'fastify-plugin'
import type { Gauge } from 'prom-client'
import { readWebhookBacklog } from '../src/audit/webhooks/backlog.js'
import type { Metrics } from '../src/base/metrics.js'
import { measureProcess } from '../src/base/metrics.js'
import type { Backlog } from '../src/base/outbox/backlog.js'
import { readMailBacklog } from '../src/mail/backlog.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** What `/metrics` answers: all metrics of this process in the text format of Prometheus. */
    readMetrics(): Promise<string>
  }
}

/** A scrape must end before its own time limit (10 s by default) while the database does not answer. */
const databaseMs = 2000

/**
 * Reads the metrics of the process, and serves them on their own listener if `METRICS_PORT` is set.
 */
export default fp(
  async fastify => {
    const { db, deps } = fastify
    const { config, metrics } = deps
    const { METRICS_HOST: host, METRICS_PORT: port } = config

    fastify.decorate('readMetrics', async () => {
      metrics.hashQueue.set(deps.hasher.waiting())
      const { totalCount, idleCount, waitingCount } = db.pool
      metrics.pool.set({ state: 'used' }, totalCount - idleCount)
      metrics.pool.set({ state: 'idle' }, idleCount)
      metrics.poolWaiting.set(waitingCount)
      const backlogs = Promise.all([readMailBacklog(db), readWebhookBacklog(db)])
      const [mails, webhooks] = (await within(databaseMs, backlogs)) ?? [null, null]
      metrics.databaseUp.set(mails === null ? 0 : 1)
      setBacklog(mails, metrics.mails, metrics.oldestMail)
      setBacklog(webhooks, metrics.webhooks, metrics.oldestWebhook)
      return metrics.registry.metrics()
    })
    if (port === null && config.METRICS_TOKEN === null) return

    measureProcess(metrics)
    fastify.addHook('onClose', async () => metrics.registry.clear())
    if (port === null) return

    const server = serve(fastify.readMetrics, metrics)
    fastify.addHook('onReady', async () => {
      const address = await listen(server, host, port)
      fastify.log.info({ address }, 'metrics are served')
    })
    fastify.addHook('onClose', async () => {
      server.closeAllConnections()
      server.close()
    })
  },
  { name: 'metrics', fastify: '5.x', dependencies: ['prisma', 'deps'] }
)

/** A backlog that is not known leaves no series, rather than its last value. */
function setBacklog(backlog: Backlog | null, counts: Gauge<'state'>, oldest: Gauge): void {
  counts.reset()
  oldest.set(backlog?.oldestSeconds ?? Number.NaN)
  if (backlog === null) return
  counts.set({ state: 'queued' }, backlog.queued)
  counts.set({ state: 'dead' }, backlog.dead)
}

/** The result of `work`; null when it fails or takes longer. */
async function within<T>(ms: number, work: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>(resolve => {
    timer = setTimeout(resolve, ms, null)
  })
  const result = await Promise.race([work.catch(() => null), late])
  clearTimeout(timer)
  return result
}

function serve(read: () => Promise<string>, { registry }: Metrics): Server {
  return createServer({ requestTimeout: 10_000 }, async ({ method, url }, response) => {
    if (url !== '/metrics' || !/^(GET|HEAD)$/.test(method ?? '')) {
      response.writeHead(404).end()
      return
    }
    try {
      const text = await read()
      response.writeHead(200, { 'content-type': registry.contentType }).end(text)
    } catch {
      response.writeHead(500).end()
    }
  })
}

/** Where the server listens. @throws with the name of the setting, because `PORT` may be in use as well. */
async function listen(server: Server, host: string, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', ({ code, message }: NodeJS.ErrnoException) =>
      reject(new ListenError(`METRICS_HOST and METRICS_PORT cannot be used (${code ?? message}).`))
    )
    // Not shared with other workers: each process has metrics of its own.
    server.listen({ host, port, exclusive: true }, resolve)
  })
  const bound = server.address()
  if (bound === null || typeof bound === 'string') return host
  return `http://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}/metrics`
}

class ListenError extends Error {
  override name = 'ListenRefusal'
}
