import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { buildApp } from './app.js'
import { buildBackground } from './background.js'
import type { Config } from './base/config/load.js'
import { version } from './base/version.js'
import { stopGracefully } from './stop-gracefully.js'

/** A worker that fails again and again must not take the machine from the others. */
const restartMs = 1000
/** Connections of the process that keeps house. */
const houseConnections = 4

/** What the first process says to a worker, and a worker as soon as it can hear that. */
const words = { stop: 'stop', hears: 'hears' } as const

/**
 * Runs `WORKERS` processes that share one port, and keeps house and sends mails in this one. A worker that
 * ends is replaced. Returns where they listen, once all do; null when a signal has ended the start.
 *
 * @throws {Error} when a worker ends before it listens: its own line says why.
 */
export async function runWorkers(config: Config): Promise<string | null> {
  const poolSize = Math.min(config.DATABASE_POOL_SIZE, houseConnections)
  const house = await buildBackground({ ...config, DATABASE_POOL_SIZE: poolSize })
  const running = new Set<Worker>()
  let stopping = false

  function start(place: number): Worker {
    const worker = cluster.fork(shareOf(config, place))
    running.add(worker)
    worker.on('error', err => house.log.warn({ err }, 'a worker cannot be reached'))
    // A word that comes before a worker hears is lost.
    worker.on('message', word => {
      if (word === words.hears && stopping) tellToStop(worker)
    })
    worker.once('exit', async (code, signal) => {
      running.delete(worker)
      if (stopping) return
      house.log.error({ worker: worker.process.pid, code, signal }, 'a worker has ended')
      await pause(restartMs)
      if (!stopping) start(place)
    })
    return worker
  }
  function stopWorkers() {
    stopping = true
    for (const worker of running) tellToStop(worker)
  }
  async function close() {
    stopWorkers()
    await Promise.all([...running].map(worker => once(worker, 'exit')))
    await house.close()
  }
  // The workers accept connections themselves. One that this process accepts and hands to a worker that is
  // killed before it takes it would stay open without an answer.
  cluster.schedulingPolicy = cluster.SCHED_NONE
  await house.ready()
  stopGracefully({ log: house.log, drain: stopWorkers }, config.DRAIN_DELAY, close)
  const places = Array.from({ length: config.WORKERS }, (_, index) => index + 1)
  try {
    const addresses = await Promise.all(places.map(place => untilListening(start(place))))
    const host = config.HOST.includes(':') ? `[${config.HOST}]` : config.HOST
    const origin = `http://${host}:${addresses[0]?.port}`
    house.log.info(`Postern ${version} listens on ${origin} with ${config.WORKERS} workers`)
    return origin
  } catch (error) {
    if (stopping) return null
    stopping = true
    for (const worker of running) worker.process.kill('SIGKILL')
    await house.close()
    throw error
  }
}

function tellToStop(worker: Worker): void {
  if (worker.isConnected()) worker.send(words.stop)
}

/** The settings of one worker, a process like any other: its share of what the instance may use, and no mails. */
function shareOf(config: Config, place: number): Record<string, string> {
  const share = (all: number) => String(Math.max(1, Math.floor(all / config.WORKERS)))
  const port = config.METRICS_PORT
  return {
    DATABASE_POOL_SIZE: share(config.DATABASE_POOL_SIZE),
    HASH_CONCURRENCY: share(config.HASH_CONCURRENCY),
    HASH_QUEUE_LIMIT: share(config.HASH_QUEUE_LIMIT),
    MAIL_WORKER: 'false',
    WORKERS: '1',
    ...(port === null ? {} : { METRICS_PORT: String(port === 0 ? 0 : port + place) })
  }
}

class WorkerRefusal extends Error {
  override name = 'WorkerRefusal'
}

async function untilListening(worker: Worker): Promise<AddressInfo> {
  const gaveUp = new AbortController()
  const { signal } = gaveUp
  const listening = once(worker, 'listening', { signal }) as Promise<[AddressInfo]>
  const ended = once(worker, 'exit', { signal }).then(() => {
    throw new WorkerRefusal('A worker has ended before it listened. Its own line says why.')
  })
  try {
    const [address] = await Promise.race([listening, ended])
    return address
  } finally {
    gaveUp.abort()
    await Promise.allSettled([listening, ended])
  }
}

/** Answers requests as one of the processes that {@link runWorkers} starts, until that one says to stop. */
export async function serveAsWorker(config: Config): Promise<void> {
  const asked = new Promise<void>(resolve => {
    process.on('message', word => {
      if (word === words.stop) resolve()
    })
  })
  process.send?.(words.hears)
  const app = await buildApp(config, {}, false)
  stopGracefully(app, config.DRAIN_DELAY, () => app.close(), asked)
  await app.listen({
    host: config.HOST,
    port: config.PORT,
    listenTextResolver: address => `Postern ${version} answers on ${address}`
  })
}
