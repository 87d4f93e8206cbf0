import { type Command, Option } from 'commander'
import { listEvents } from '../../audit/list.js'
import { auditEvents } from '../../audit/record.js'
import type { Deps } from '../../deps.js'
import { findAccount, isAccountId } from '../find-account.js'
import { withDeps } from './open.js'
import { beforeOption, jsonOption, limitOption, moment } from './options.js'
import { say, sayJson, sayTable, show } from './output.js'

type Options = {
  readonly user?: string
  readonly event?: string
  readonly since?: (now: Date) => Date
  readonly before?: string
  readonly limit: number
  readonly json?: true
}

/** The trail of what happened. */
export function auditCommand(program: Command): void {
  program
    .command('audit')
    .description('read the audit trail, newest first')
    .option(
      '--user <user>',
      'events about this account or by it: address, or id also of a deleted one'
    )
    .addOption(new Option('--event <name>', 'only this event').choices(auditEvents))
    .option('--since <time>', 'not older: 24h, 7d, 2026-11-24, 2026-11-24T08:00:00Z', moment)
    .addOption(limitOption())
    .addOption(beforeOption())
    .addOption(jsonOption())
    .action(audit)
}

const audit = ({ user, since, json, ...filter }: Options) =>
  withDeps(async deps => {
    const page = await listEvents(deps, {
      ...filter,
      ...(user === undefined ? {} : { userId: await idOf(deps, user) }),
      ...(since === undefined ? {} : { since: since(deps.clock()) })
    })
    if (json) return sayJson(page)
    sayTable(
      ['AT', 'EVENT', 'OUTCOME', 'SUBJECT', 'ACTOR', 'NETWORK', 'DETAILS'],
      page.results.map(event => [
        show(event.at),
        event.event,
        event.outcome,
        show(event.subjectId),
        show(event.actorId),
        show(event.network),
        show(JSON.stringify(event.details))
      ])
    )
    if (page.next !== null) say(`More: --before ${page.next}`)
  })

/** A deleted account has no address any more, but its trail has its id. */
const idOf = async (deps: Deps, user: string): Promise<string> =>
  isAccountId(user) ? user.toLowerCase() : (await findAccount(deps, user)).id
