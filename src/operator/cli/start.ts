import type { Command } from 'commander'
import { settingsHelp } from '../../base/config/help.js'

/** Commands that start processes, which run until a signal ends them. */
export function startCommands(program: Command): void {
  program
    .command('start')
    .description('start the service')
    .addHelpText(
      'after',
      `
Without settings it stores an embedded PostgreSQL and its keys in ./data and listens on
http://127.0.0.1:3000. The same as npm start.

${settingsHelp}`
    )
    .action(async () => (await import('../../run-service.js')).runService())

  program
    .command('worker')
    .description('send the mails of the service from a separate process')
    .addHelpText(
      'after',
      `
It needs the settings of the service, including DATABASE_URL, SECRET_KEY and EMAIL_HOST. Several
workers can run. Set MAIL_WORKER=false for the service if only workers should send mails. A worker
also does what purge does. The same as npm run worker.`
    )
    .action(async () => (await import('../../run-worker.js')).runWorker())
}
