#!/usr/bin/env node
import { Command } from 'commander'
import { version } from '../version.js'
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

const program = new Command('postern')
  .description('An authentication service, and the hands of those who run it.')
  .version(version, '-v, --version')
  .showHelpAfterError('(--help tells more)')
  .addHelpText(
    'after',
    `
Settings are those of the service: the environment, or a file .env in the working directory.
Without DATABASE_URL commands work on the embedded database in DATA_DIR, whether a service
runs on it or not.

docs/command-line.md has an example of each command.`
  )

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

// A reader that has seen enough, `head` for instance, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${describe(error)}\n`)
  process.exit(1)
})
