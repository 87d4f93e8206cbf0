import { setTimeout as pause } from 'node:timers/promises'
import { jittered } from '../base/crypto/jitter.js'
import { isUnavailable } from '../base/database/failures.js'
import type { Deps } from '../deps.js'
import { deliver, type Work } from './deliver.js'
import { type ClaimedMail, claim, release } from './queue.js'

/** How many mails one worker sends at the same time, each on its own connection. */
export const concurrency = 5

const pollSeconds = 5
const sendSeconds = 120
/** Longer than the sending of a mail may take: an expired lease means that its worker has died. */
const leaseSeconds = sendSeconds + 60
const stopSeconds = 8
const settleRetryMs = 500

export type MailWorker = {
  /** Looks for due mails now, not at the next poll. */
  wake(): void
  start(): void
  /** Waits a few seconds for mails that are being sent; the rest is due again later. */
  stop(): Promise<void>
}

/**
 * Sends the mails of the outbox. Any number of workers may run: one statement claims a mail under a
 * lease, and the worker that sends the mail settles it.
 */
export function createMailWorker(
  deps: Pick<Deps, 'db' | 'log' | 'outboxKeys' | 'metrics'>,
  { send, render }: Pick<Work, 'send' | 'render'>
): MailWorker {
  const { db, log, metrics } = deps
  const sending = new Map<AbortController, Promise<void>>()
  const sent = new Set<string>()
  const health = createHealth(log)
  const wakeup = createWakeup()
  let running: Promise<void> | null = null
  let stopping = false
  let unlisten = () => {}

  async function run() {
    while (!stopping) {
      wakeup.reset()
      const limit = concurrency - sending.size
      const taken = await take(limit)
      // Fewer mails than the limit: no more are due. With all slots busy, the next one to finish polls again.
      if (taken < limit) await wakeup.wokenWithin(jittered(pollSeconds * 1000))
      else if (sending.size === concurrency) await wakeup.slotFreed()
    }
  }

  /** Claims mails and starts to send them; returns how many, with the dropped ones. */
  async function take(limit: number): Promise<number> {
    try {
      const { mails, droppedIds } = await claim(db, { limit, leaseSeconds })
      health.succeeded()
      if (droppedIds.length > 0) metrics.mailsSettled.inc({ result: 'dropped' }, droppedIds.length)
      if (droppedIds.length > 0)
        log.info({ mailIds: droppedIds }, 'mails dropped because their link is not live')
      if (stopping) await release(db, mails)
      else mails.forEach(startSending)
      return mails.length + droppedIds.length
    } catch (error) {
      health.failed(error)
      return 0
    }
  }

  function startSending(mail: ClaimedMail) {
    const abort = new AbortController()
    const timer = setTimeout(() => abort.abort(), sendSeconds * 1000)
    const leaseEnd = performance.now() + leaseSeconds * 1000
    const settleWithRetry: Work['settleWithRetry'] = write => settleWithin(leaseEnd, mail.id, write)
    const work = { send, render, sent, settleWithRetry }
    const delivered = deliver(deps, work, mail, abort.signal).then(() => {
      clearTimeout(timer)
      sending.delete(abort)
      wakeup.freeSlot()
    })
    sending.set(abort, delivered)
  }

  /**
   * Stores the result of a mail and retries while the database is unavailable: a sent mail that stays
   * queued is sent again. After the lease or another error a worker claims the mail again.
   */
  async function settleWithin(leaseEnd: number, mailId: string, write: () => Promise<void>) {
    for (;;) {
      try {
        return await write()
      } catch (err) {
        if (!isUnavailable(err) || performance.now() > leaseEnd) {
          const event = 'mail.unsettled'
          log.error({ event, mailId, err }, 'the result of a mail cannot be stored')
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
      if (running !== null) return
      unlisten = db.listen('mail', wakeup.wake)
      running = run()
    },
    async stop() {
      stopping = true
      unlisten()
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
    /** Resolves when a mail is done. */
    slotFreed: () =>
      new Promise<void>(resolve => {
        endBusy = resolve
      })
  }
}

/** Logs once that the queue cannot be read, and once that it can be read again. */
function createHealth(log: Deps['log']) {
  let isReadable = true
  return {
    succeeded() {
      if (!isReadable) log.info({}, 'the mail queue can be read again')
      isReadable = true
    },
    failed(err: unknown) {
      if (isReadable) log.warn({ err }, 'the mail queue cannot be read; trying again')
      isReadable = false
    }
  }
}
