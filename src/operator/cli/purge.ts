import type { Command } from 'commander'
import { runMaintenance } from '../maintenance.js'
import { withDeps } from './open.js'
import { jsonOption } from './options.js'
import { say, sayJson } from './output.js'

/** What a service does by itself once a minute, for installations whose service is not always up. */
export function purgeCommand(program: Command): void {
  program
    .command('purge')
    .description('remove what has expired, and rotate keys that are due')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Safe at any time and beside any number of running instances, which do the same every minute.`
    )
    .action(({ json }: { json?: true }) =>
      withDeps(async deps => {
        const tidied = await runMaintenance(deps)
        if (json) return sayJson(tidied)
        const { sessions, links, mails, challenges, attempts, auditEvents } = tidied
        say(
          `Removed ${sessions} sessions, ${links} links, ${mails} mails, ${challenges} challenges, ${attempts} counters and ${auditEvents} audit events.`
        )
      })
    )
}
