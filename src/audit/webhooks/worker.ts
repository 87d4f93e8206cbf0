import { createOutboxWorker, type OutboxWorker } from '../../base/outbox/worker.js'
import type { Deps } from '../../deps.js'
import { deliver } from './deliver.js'
import { type ClaimedEvent, claim, release, settleFailure, settleSent } from './queue.js'

const giveUpAfterSeconds = 3 * 86_400

/** Sends the events of the outbox to `EVENTS_WEBHOOK_URL`, those of one account in their order. */
export function createWebhookWorker(
  deps: Pick<Deps, 'db' | 'config' | 'clock' | 'log' | 'metrics' | 'trace'>
): OutboxWorker {
  const { db, metrics } = deps
  return createOutboxWorker<ClaimedEvent>(deps, {
    noun: 'webhook',
    // A trigger queues events, so no transaction of this process tells of them.
    pollSeconds: 1,
    sendSeconds: 20,
    // The next event of the account is due when one has been taken.
    chains: true,
    settled: metrics.webhooksSettled,
    describe: ({ type }) => ({ type }),
    claim: async wanted => ({ rows: await claim(db, wanted), others: 0 }),
    release: events => release(db, events),
    deliver: (event, signal) => deliver(deps, event, signal),
    settleSent: event => settleSent(db, event),
    settleFailure: (event, failure, afterSeconds) =>
      settleFailure(db, event, failure, { afterSeconds, giveUpAfterSeconds })
  })
}
