import type { Command } from 'commander'
import { settingsHelp } from '../../base/config/help.js'

/** The processes of an installation. They live until a signal ends them. */
export function startCommands(program: Command): void {
  program
    .command('start')
    .description('start the service')
    .addHelpText(
      'after',
      `
Without settings it keeps its own PostgreSQL and keys in ./data and listens on
http://127.0.0.1:3000. The same as npm start.

${settingsHelp}`
    )
    .action(async () => (await import('../../run-service.js')).runService())

  program
    .command('worker')
    .description('send the mails of the service from a process of its own')
    .addHelpText(
      'after',
      `
Give it the settings of the service; it needs DATABASE_URL, SECRET_KEY and EMAIL_HOST. Any number
of workers may run. Set MAIL_WORKER=false for the service where only these shall send. It also
removes what has expired, as purge does. The same as npm run worker.`
    )
    .action(async () => (await import('../../run-worker.js')).runWorker())
}
