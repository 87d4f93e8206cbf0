import type { Command } from 'commander'
import { jsonOption } from './options.js'
import { remark, say, sayJson, show } from './output.js'

/** The command that checks an installation. */
export function doctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('find problems: settings, database, keys, mail, clock, proxy')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Run it on the machine, as the user and with the settings of the service. It changes nothing and
sends nothing. The exit code is 1 if a check fails, for example in a pipeline before a deployment:

  postern doctor --json`
    )
    .action(doctor)
}

async function doctor({ json }: { json?: true }): Promise<void> {
  const { examine } = await import('../doctor/doctor.js')
  const findings = await examine(remark)
  const failed = findings.filter(({ level }) => level === 'fail').length
  const warned = findings.filter(({ level }) => level === 'warn').length
  if (failed > 0) process.exitCode = 1
  if (json) return sayJson({ ok: failed === 0, findings })
  for (const { level, check, message } of findings)
    say(`${level.padEnd(5)} ${check.padEnd(14)} ${show(message)}`)
  say('')
  say(`${failed} failed, ${warned} warnings, ${findings.length - failed - warned} ok.`)
}
