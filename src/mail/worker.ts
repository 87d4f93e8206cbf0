import { createOutboxWorker, type OutboxWorker } from '../base/outbox/worker.js'
import type { Deps } from '../deps.js'
import { deliver, type Way } from './deliver.js'
import { type ClaimedMail, claim, release, settleFailure, settleSent } from './queue.js'

const giveUpAfterSeconds = 24 * 3600

/** Sends the mails of the outbox, and looks for new ones after each transaction that queued one. */
export function createMailWorker(
  deps: Pick<Deps, 'db' | 'log' | 'outboxKeys' | 'metrics' | 'trace'>,
  way: Way
): OutboxWorker {
  const { db, log, metrics } = deps
  const worker = createOutboxWorker<ClaimedMail>(deps, {
    noun: 'mail',
    pollSeconds: 5,
    sendSeconds: 120,
    chains: false,
    settled: metrics.mailsSettled,
    describe: ({ template }) => ({ template }),
    async claim(wanted) {
      const { mails, droppedIds } = await claim(db, wanted)
      if (droppedIds.length > 0) {
        metrics.mailsSettled.inc({ result: 'dropped' }, droppedIds.length)
        log.info({ mailIds: droppedIds }, 'mails dropped because their link is not live')
      }
      return { rows: mails, others: droppedIds.length }
    },
    release: mails => release(db, mails),
    deliver: (mail, signal) => deliver(deps, way, mail, signal),
    settleSent: mail => settleSent(db, mail),
    settleFailure: (mail, failure, afterSeconds) =>
      settleFailure(db, mail, failure, { afterSeconds, giveUpAfterSeconds })
  })
  let unlisten = () => {}
  return {
    wake: worker.wake,
    start() {
      unlisten()
      unlisten = db.listen('mail', worker.wake)
      worker.start()
    },
    async stop() {
      unlisten()
      await worker.stop()
    }
  }
}
