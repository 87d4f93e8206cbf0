import type { Command } from 'commander'
import type { Deps } from '../../deps.js'
import { runMaintenance } from '../maintenance.js'
import { describe } from './failure.js'
import { withDeps } from './open.js'
import { jsonOption } from './options.js'
import { remark, say, sayJson } from './output.js'

/** The command that runs the maintenance of the service once. */
export function purgeCommand(program: Command): void {
  program
    .command('purge')
    .description(
      'remove expired rows, erase accounts whose term is over, and rotate keys that are due'
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Running instances do the same every minute, for a part of the sessions at a time; the command looks
at all of them. It can run at the same time. A failed step is reported and the others
still run; then the exit code is 1.`
    )
    .action(({ json }: { json?: true }) => withDeps(deps => purge(deps, json), { readKeys: false }))
}

async function purge(deps: Deps, json?: true): Promise<void> {
  const { removed, failures } = await runMaintenance(deps, 'whole')
  for (const { step, error } of failures) remark(`Failed to ${step}: ${describe(error)}`)
  if (failures.length > 0) process.exitCode = 1
  if (json) return sayJson({ ...removed, failed: failures.map(({ step }) => step) })
  const { accounts, sessions, links, mails, challenges, attempts, auditEvents } = removed
  say(
    `Removed ${sessions ?? 0} sessions, ${links ?? 0} links, ${mails ?? 0} mails, ${challenges ?? 0} challenges, ${attempts ?? 0} counters, ${auditEvents ?? 0} audit events and ${accounts ?? 0} accounts.`
  )
}
