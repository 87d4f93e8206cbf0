import { setTimeout as pause } from 'node:timers/promises'
import { jittered } from '../base/crypto/jitter.js'
import { isUnavailable } from '../base/database/failures.js'
import type { Deps } from '../deps.js'
import { deliver, type Work } from './deliver.js'
import { type ClaimedMail, claim, release } from './queue.js'

/** Mails on their way at the same time; each has a connection of its own. */
export const concurrency = 5

const pollSeconds = 5
const sendSeconds = 120
/** Longer than a mail may take, so that a lease that ended means a worker that died. */
const leaseSeconds = sendSeconds + 60
const stopSeconds = 8
const settleAgainMs = 500

export type MailWorker = {
  /** Looks for due mails now instead of at the next poll. */
  wake(): void
  start(): void
  /** Lets mails that are on their way arrive, for a few seconds; what is left is due again later. */
  stop(): Promise<void>
}

/**
 * Sends what the outbox holds. Any number of workers may run: a mail is claimed in one statement,
 * under a lease, and settled by whoever sent it (design rule 5).
 */
export function createMailWorker(
  deps: Pick<Deps, 'db' | 'log' | 'outboxKeys'>,
  { send, render }: Pick<Work, 'send' | 'render'>
): MailWorker {
  const { db, log } = deps
  const sending = new Map<AbortController, Promise<void>>()
  const sent = new Set<string>()
  const health = createHealth(log)
  const bell = createBell()
  let running: Promise<void> | null = null
  let stopping = false
  let unlisten = () => {}

  async function run() {
    while (!stopping) {
      bell.reset()
      const limit = concurrency - sending.size
      const taken = await take(limit)
      // Fewer than asked for: nothing else is due. With all hands full the next free one looks again.
      if (taken < limit) await bell.within(jittered(pollSeconds * 1000))
      else if (sending.size === concurrency) await bell.freed()
    }
  }

  /** Claims mails and sets them off; how many, counting those that were dropped. */
  async function take(limit: number): Promise<number> {
    try {
      const { mails, droppedIds } = await claim(db, { limit, leaseSeconds })
      health.good()
      if (droppedIds.length > 0)
        log.info({ mailIds: droppedIds }, 'mails whose link is void were dropped')
      if (stopping) await release(db, mails)
      else mails.forEach(setOff)
      return mails.length + droppedIds.length
    } catch (error) {
      health.bad(error)
      return 0
    }
  }

  function setOff(mail: ClaimedMail) {
    const abort = new AbortController()
    const timer = setTimeout(() => abort.abort(), sendSeconds * 1000)
    const leaseEnd = performance.now() + leaseSeconds * 1000
    const settleSurely: Work['settleSurely'] = write => settleWithin(leaseEnd, mail.id, write)
    const work = { send, render, sent, settleSurely }
    const delivered = deliver(deps, work, mail, abort.signal).then(() => {
      clearTimeout(timer)
      sending.delete(abort)
      bell.free()
    })
    sending.set(abort, delivered)
  }

  /**
   * What happened to a mail must reach the table: a sent one that stays queued would be sent again. When
   * the lease ends, or where the table refuses it, somebody claims the mail again, and others go first.
   */
  async function settleWithin(leaseEnd: number, mailId: string, write: () => Promise<void>) {
    for (;;) {
      try {
        return await write()
      } catch (err) {
        if (!isUnavailable(err) || performance.now() > leaseEnd) {
          const event = 'mail.unsettled'
          log.error({ event, mailId, err }, 'what became of a mail cannot be written down')
          return
        }
        health.bad(err)
        if (stopping) return
        await pause(settleAgainMs)
      }
    }
  }

  return {
    wake: bell.ring,
    start() {
      if (running !== null) return
      unlisten = db.listen('mail', bell.ring)
      running = run()
    },
    async stop() {
      stopping = true
      unlisten()
      bell.ring()
      bell.free()
      const timer = setTimeout(() => {
        for (const abort of sending.keys()) abort.abort()
      }, stopSeconds * 1000)
      await running
      await Promise.all(sending.values())
      clearTimeout(timer)
    }
  }
}

/** What the loop waits for. A ring between two waits is not lost: the next wait ends at once. */
function createBell() {
  let rung = false
  let endRest = () => {}
  let endBusy = () => {}
  return {
    ring() {
      rung = true
      endRest()
    },
    reset() {
      rung = false
    },
    free() {
      endBusy()
    },
    /** Until somebody rings, or for so long. */
    within: (ms: number) =>
      new Promise<void>(resolve => {
        if (rung) return resolve()
        const timer = setTimeout(resolve, ms)
        endRest = () => {
          clearTimeout(timer)
          resolve()
        }
      }),
    /** Until one of the mails on their way is done. */
    freed: () =>
      new Promise<void>(resolve => {
        endBusy = resolve
      })
  }
}

/** Says once that the queue cannot be read, and once that it can again. */
function createHealth(log: Deps['log']) {
  let well = true
  return {
    good() {
      if (!well) log.info({}, 'the mail queue can be read again')
      well = true
    },
    bad(err: unknown) {
      if (well) log.warn({ err }, 'the mail queue cannot be read; trying again')
      well = false
    }
  }
}
