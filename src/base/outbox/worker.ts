import { setTimeout as pause } from 'node:timers/promises'
import type { Deps } from '../../deps.js'
import { jittered } from '../crypto/jitter.js'
import { isUnavailable } from '../database/failures.js'
import { backoffSeconds, type Failure } from './retry.js'

/** How many rows one worker sends at the same time. */
export const concurrency = 5

/** Longer than sending may take: an expired lease means that its worker has died. */
const leaseSeconds = 180
const stopSeconds = 8
const settleRetryMs = 500

export type OutboxRow = {
  readonly id: string
  /** The number of this attempt. A later attempt by another worker has a higher one. */
  readonly attempts: number
}

/** A table of things to send, and how one of them is sent. */
export type Outbox<Row extends OutboxRow> = {
  /** What a row is, in lines of the log. */
  readonly noun: string
  /** Facts of a row for log and traces, beside its id and its attempts. */
  describe(row: Row): Readonly<Record<string, string>>
  /** Counts attempts by result. */
  readonly settled: { inc(labels: { readonly result: 'sent' | 'failed' | 'dead' }): void }
  readonly pollSeconds: number
  /** After it an attempt is aborted. Shorter than the lease. */
  readonly sendSeconds: number
  /** True if sending one row makes another one due. */
  readonly chains: boolean
  /** Claims due rows for the lease. Returns also how many it settled in another way. */
  claim(wanted: {
    readonly limit: number
    readonly leaseSeconds: number
  }): Promise<{ readonly rows: readonly Row[]; readonly others: number }>
  /** Gives claimed rows back, as if they had not been tried. */
  release(rows: readonly Row[]): Promise<void>
  /** Sends a row. Returns null when the other side has taken it. Never throws. */
  deliver(row: Row, signal: AbortSignal): Promise<Failure | null>
  settleSent(row: Row): Promise<void>
  /** Queues a failed row again, or gives it up. Returns null when another worker has taken over the lease. */
  settleFailure(
    row: Row,
    failure: Failure,
    retryAfterSeconds: number
  ): Promise<'queued' | 'dead' | null>
}

export type OutboxWorker = {
  /** Looks for due rows now, not at the next poll. */
  wake(): void
  start(): void
  /** Waits a few seconds for what is being sent; the rest is due again later. */
  stop(): Promise<void>
}

/**
 * Sends the rows of an outbox. Any number of workers may run: one statement claims a row under a lease,
 * and the worker that sends the row settles it.
 */
export function createOutboxWorker<Row extends OutboxRow>(
  { log, trace }: Pick<Deps, 'log' | 'trace'>,
  outbox: Outbox<Row>
): OutboxWorker {
  const { noun, pollSeconds, sendSeconds, chains } = outbox
  const sending = new Map<AbortController, Promise<void>>()
  /** Ids of rows that were taken and that the table still shows as queued. This worker does not send them again. */
  const sent = new Set<string>()
  const health = createHealth(log, noun)
  const wakeup = createWakeup()
  let running: Promise<void> | null = null
  let stopping = false

  async function run() {
    while (!stopping) {
      wakeup.reset()
      const limit = concurrency - sending.size
      const taken = await take(limit)
      // Fewer rows than the limit: no more are due. With all slots busy, the next one to finish polls again.
      if (taken < limit) await wakeup.wokenWithin(jittered(pollSeconds * 1000))
      else if (sending.size === concurrency) await wakeup.slotFreed()
    }
  }

  /** Claims rows and starts to send them; returns how many, with those settled in another way. */
  async function take(limit: number): Promise<number> {
    try {
      const { rows, others } = await outbox.claim({ limit, leaseSeconds })
      health.succeeded()
      if (stopping) await outbox.release(rows)
      else rows.forEach(startSending)
      return rows.length + others
    } catch (error) {
      health.failed(error)
      return 0
    }
  }

  function startSending(row: Row) {
    const abort = new AbortController()
    const timer = setTimeout(() => abort.abort(), sendSeconds * 1000)
    const leaseEnd = performance.now() + leaseSeconds * 1000
    const facts = { ...outbox.describe(row), attempts: row.attempts }
    const delivered = trace(`send ${noun}`, facts, fail =>
      deliver(row, { leaseEnd, fail }, abort.signal)
    ).then(() => {
      clearTimeout(timer)
      sending.delete(abort)
      wakeup.freeSlot()
      if (chains) wakeup.wake()
    })
    sending.set(abort, delivered)
  }

  async function deliver(
    row: Row,
    { leaseEnd, fail }: { leaseEnd: number; fail: (type: string) => void },
    signal: AbortSignal
  ): Promise<void> {
    const settle = (write: () => Promise<void>) => settleWithin(leaseEnd, row.id, write)
    const failure = sent.has(row.id) ? null : await outbox.deliver(row, signal)
    const fields = { [`${noun}Id`]: row.id, ...outbox.describe(row), attempts: row.attempts }
    if (failure === null) {
      if (!sent.has(row.id)) log.info(fields, `${noun} sent`)
      sent.add(row.id)
      outbox.settled.inc({ result: 'sent' })
      return settle(async () => {
        await outbox.settleSent(row)
        sent.delete(row.id)
      })
    }
    fail(failure.summary)
    const retryAfter = Math.max(backoffSeconds(row.attempts), failure.retryAfterSeconds ?? 0)
    await settle(async () => {
      const state = await outbox.settleFailure(row, failure, retryAfter)
      outbox.settled.inc({ result: state === 'dead' ? 'dead' : 'failed' })
      const told = { ...fields, reason: failure.summary }
      if (state === 'dead')
        log.error(
          { event: `${noun}.dead`, ...told },
          `${noun} not sent; it will not be tried again`
        )
      else log.warn(told, `${noun} not sent; it will be tried again`)
    })
  }

  /**
   * Stores the result of a row and retries while the database is unavailable: what was sent and stays
   * queued is sent again. After the lease or another error a worker claims the row again.
   */
  async function settleWithin(leaseEnd: number, id: string, write: () => Promise<void>) {
    for (;;) {
      try {
        return await write()
      } catch (err) {
        if (!isUnavailable(err) || performance.now() > leaseEnd) {
          const fields = { event: `${noun}.unsettled`, [`${noun}Id`]: id, err }
          log.error(fields, `the result of a ${noun} cannot be stored`)
          return
        }
        health.failed(err)
        if (stopping) return
        await pause(settleRetryMs)
      }
    }
  }

  return {
    wake: wakeup.wake,
    start() {
      running ??= run()
    },
    async stop() {
      stopping = true
      wakeup.wake()
      wakeup.freeSlot()
      const timer = setTimeout(() => {
        for (const abort of sending.keys()) abort.abort()
      }, stopSeconds * 1000)
      await running
      await Promise.all(sending.values())
      clearTimeout(timer)
    }
  }
}

/** The waits of the loop. A call of `wake` between two waits is not lost: the next wait ends at once. */
function createWakeup() {
  let isWoken = false
  let endIdle = () => {}
  let endBusy = () => {}
  return {
    wake() {
      isWoken = true
      endIdle()
    },
    reset() {
      isWoken = false
    },
    freeSlot() {
      endBusy()
    },
    /** Resolves after `wake`, or after `ms`. */
    wokenWithin: (ms: number) =>
      new Promise<void>(resolve => {
        if (isWoken) return resolve()
        const timer = setTimeout(resolve, ms)
        endIdle = () => {
          clearTimeout(timer)
          resolve()
        }
      }),
    /** Resolves when a row is done. */
    slotFreed: () =>
      new Promise<void>(resolve => {
        endBusy = resolve
      })
  }
}

/** Logs once that the queue cannot be read, and once that it can be read again. */
function createHealth(log: Deps['log'], noun: string) {
  let isReadable = true
  return {
    succeeded() {
      if (!isReadable) log.info({}, `the ${noun} queue can be read again`)
      isReadable = true
    },
    failed(err: unknown) {
      if (isReadable) log.warn({ err }, `the ${noun} queue cannot be read; trying again`)
      isReadable = false
    }
  }
}
