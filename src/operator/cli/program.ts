import { Command, CommanderError } from 'commander'
import { version } from '../../base/version.js'
import { adminCommands } from './admin.js'
import { auditCommand } from './audit.js'
import { backupCommands } from './backup.js'
import { doctorCommand } from './doctor.js'
import { describe } from './failure.js'
import { healthCommand } from './health.js'
import { importCommands } from './import-django.js'
import { invitationCommands } from './invitation.js'
import { inviteCommand } from './invite.js'
import { keyCommands } from './keys.js'
import { mailCommands } from './mail.js'
import { migrateCommand } from './migrate.js'
import { remark } from './output.js'
import { purgeCommand } from './purge.js'
import { startCommands } from './start.js'
import { userCommands } from './user.js'
import { webhookCommands } from './webhook.js'

const epilogue = `
Commands use the settings of the service: the environment, or a file .env in the working
directory. Without DATABASE_URL they use the embedded database in DATA_DIR, with or without a
running service.

docs/command-line.md has an example of each command.`

function createProgram(): Command {
  const program = new Command('postern')
    // A usage error throws, like other failures. Subcommands inherit this.
    .exitOverride()
    .description('An authentication service, and commands for its operators.')
    .version(version, '-v, --version')
    .showHelpAfterError('(see --help)')
    .addHelpText('after', epilogue)

  for (const add of [
    startCommands,
    migrateCommand,
    backupCommands,
    adminCommands,
    userCommands,
    inviteCommand,
    invitationCommands,
    importCommands,
    mailCommands,
    webhookCommands,
    auditCommand,
    purgeCommand,
    keyCommands,
    doctorCommand,
    healthCommand
  ])
    add(program)
  return program
}

/**
 * Runs one command and sets `process.exitCode`. A known failure is a sentence on standard error.
 * Returns true after a failure: the process should then exit without waiting for open connections.
 */
export async function run(args: readonly string[]): Promise<boolean> {
  try {
    await createProgram().parseAsync(args, { from: 'user' })
    return false
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has already printed the error or the help.
      process.exitCode = error.exitCode
      return false
    }
    remark(describe(error))
    process.exitCode = 1
    return true
  }
}
