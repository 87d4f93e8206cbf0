import { type Command, Option } from 'commander'
import { listEvents } from '../../audit/list.js'
import { auditEvents } from '../../audit/record.js'
import type { Deps } from '../../deps.js'
import { findAccount, isId } from '../find-account.js'
import { withDeps } from './open.js'
import { beforeOption, jsonOption, limitOption, moment, type PageOptions } from './options.js'
import { sayPage } from './output.js'

type Options = PageOptions & {
  readonly user?: string
  readonly event?: string
  readonly since?: (now: Date) => Date
}

/** The command that reads the audit trail. */
export function auditCommand(program: Command): void {
  program
    .command('audit')
    .description('read the audit trail, newest first')
    .option(
      '--user <user>',
      'events about or by this account: address or id; a deleted account has only its id'
    )
    .addOption(new Option('--event <name>', 'only this event').choices(auditEvents))
    .option('--since <time>', 'not before: 24h, 7d, 2026-11-24, 2026-11-24T08:00:00Z', moment)
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
    sayPage(page, json, {
      AT: one => one.at,
      EVENT: one => one.event,
      OUTCOME: one => one.outcome,
      SUBJECT: one => one.subjectId,
      ACTOR: one => one.actorId,
      NETWORK: one => one.network,
      DETAILS: one => JSON.stringify(one.details)
    })
  })

/** A deleted account has no address; only its events still have its id. */
const idOf = async (deps: Deps, user: string): Promise<string> =>
  isId(user) ? user.toLowerCase() : (await findAccount(deps, user)).id
