import { type Command, Option } from 'commander'
import {
  listWebhookEvents,
  type ResendOutcome,
  resendWebhookEvent,
  resendWebhookEvents,
  type WebhookEventState
} from '../../audit/webhooks/manage.js'
import { Refusal } from '../refusal.js'
import { withDeps } from './open.js'
import { beforeOption, idArgument, jsonOption, limitOption, type PageOptions } from './options.js'
import { say, sayPage } from './output.js'

/** Commands for the events that are posted to `EVENTS_WEBHOOK_URL`. They show no data of an event. */
export function webhookCommands(program: Command): void {
  const webhook = program
    .command('webhook')
    .description('list events that the webhook did not take, and send dead ones again')

  webhook
    .command('list')
    .description('list events, newest first; those that were taken are in the audit trail only')
    .addOption(new Option('--state <state>').choices(['queued', 'dead']))
    .addOption(limitOption())
    .addOption(beforeOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
queued   waits for the next attempt, or for an earlier event of the same account
dead     failed for three days, or the endpoint answered 410`
    )
    .action(list)

  webhook
    .command('resend')
    .description('queue dead events again')
    .argument(
      '[id...]',
      'ids of events, as list shows them',
      (id: string, before: string[] = []) => [...before, idArgument(id)]
    )
    .option('--all', 'every dead event')
    .action(resend)
}

type ListOptions = PageOptions & { readonly state?: WebhookEventState }

const list = ({ limit, json, ...filter }: ListOptions) =>
  withDeps(async ({ db }) => {
    const found = await listWebhookEvents(db, { ...filter, limit: limit + 1 })
    const results = found.slice(0, limit)
    const next = found.length > limit ? (results.at(-1)?.id ?? null) : null
    sayPage({ results, next }, json, {
      ID: one => one.id,
      STATE: one => one.state,
      TYPE: one => one.type,
      ACCOUNT: one => one.accountId,
      TRIES: one => one.attempts,
      AT: one => one.at,
      'LAST ERROR': one => one.lastError
    })
  })

const outcomes: Record<ResendOutcome, string> = {
  queued: 'is queued again',
  unknown: 'does not exist, or was taken',
  not_dead: 'is not dead: only dead events can be sent again'
}

const resend = (ids: readonly string[] = [], { all }: { readonly all?: true }) =>
  withDeps(async ({ config, db }) => {
    if (config.EVENTS_WEBHOOK_URL === null)
      throw new Refusal('EVENTS_WEBHOOK_URL is not set: no event can be sent.')
    if (all === true) return say(`${await resendWebhookEvents(db)} queued again.`)
    if (ids.length === 0) throw new Refusal('Name events by id, or all dead ones with --all.')
    for (const id of ids) {
      const outcome = await resendWebhookEvent(db, id)
      say(`${id} ${outcomes[outcome]}.`)
      if (outcome !== 'queued') process.exitCode = 1
    }
  })
