import { Command, CommanderError } from 'commander'
import { version } from '../../base/version.js'
import { adminCommands } from './admin.js'
import { auditCommand } from './audit.js'
import { doctorCommand } from './doctor.js'
import { describe } from './failure.js'
import { invitationCommands } from './invitation.js'
import { inviteCommand } from './invite.js'
import { keyCommands } from './keys.js'
import { mailCommands } from './mail.js'
import { migrateCommand } from './migrate.js'
import { purgeCommand } from './purge.js'
import { startCommands } from './start.js'
import { userCommands } from './user.js'

const epilogue = `
Settings are those of the service: the environment, or a file .env in the working directory.
Without DATABASE_URL commands work on the embedded database in DATA_DIR, whether a service
runs on it or not.

docs/command-line.md has an example of each command.`

function createProgram(): Command {
  const program = new Command('postern')
    // A usage error ends a command like any other failure; settings are inherited by subcommands.
    .exitOverride()
    .description('An authentication service, and the hands of those who run it.')
    .version(version, '-v, --version')
    .showHelpAfterError('(--help tells more)')
    .addHelpText('after', epilogue)

  for (const add of [
    startCommands,
    migrateCommand,
    adminCommands,
    userCommands,
    inviteCommand,
    invitationCommands,
    mailCommands,
    auditCommand,
    purgeCommand,
    keyCommands,
    doctorCommand
  ])
    add(program)
  return program
}

/**
 * Runs one command; its exit code is in `process.exitCode` then. Known failures are a sentence on
 * standard error. Whether something went so wrong that nothing should be waited for.
 */
export async function run(args: readonly string[]): Promise<boolean> {
  try {
    await createProgram().parseAsync(args, { from: 'user' })
    return false
  } catch (error) {
    if (error instanceof CommanderError) {
      // It has said what is wrong, or shown the help that was asked for.
      process.exitCode = error.exitCode
      return false
    }
    process.stderr.write(`${describe(error)}\n`)
    process.exitCode = 1
    return true
  }
}
