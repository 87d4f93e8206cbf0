import type { Command } from 'commander'
import { loadConfig } from '../../base/config/load.js'
import { remark, say } from './output.js'

/** The migrations of this version. */
export function migrateCommand(program: Command): void {
  program
    .command('migrate')
    .description('bring the database to the state that this version needs')
    .addHelpText(
      'after',
      `
The same as npx prisma migrate deploy, also for the embedded database. Of several that start at
once one works and the others wait. It needs a role that may create tables; the service does not.`
    )
    .action(migrateNow)
}

async function migrateNow(): Promise<void> {
  const { connectDatabase } = await import('../../base/database/connect.js')
  const { migrate } = await import('../../base/database/migrate.js')
  const { url, close } = await connectDatabase(loadConfig(), remark)
  try {
    const applied = await migrate({ url, onProgress: remark })
    say(applied.length === 0 ? 'Nothing is pending.' : `Applied ${applied.join(', ')}.`)
  } finally {
    await close()
  }
}
