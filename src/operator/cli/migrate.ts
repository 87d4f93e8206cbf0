import type { Command } from 'commander'
import { type Config, loadConfig } from '../../base/config/load.js'
import { log } from './open.js'
import { remark, say } from './output.js'

/** The command that applies the migrations of this version. */
export function migrateCommand(program: Command): void {
  program
    .command('migrate')
    .description('apply the migrations of this version to the database')
    .addHelpText(
      'after',
      `
The same as npx prisma migrate deploy, also for the embedded database. If several run at the same
time, one works and the others wait. Its role must be allowed to create tables, unlike the
role of the service. It also has the database keep audit events for AUDIT_RETENTION: run it
again when that changes.`
    )
    .action(migrateNow)
}

/** The owner of the tables says here for how long the audit trail is kept from other roles. */
export async function setRetention(config: Config): Promise<void> {
  const { keepForRetention } = await import('../../audit/retention.js')
  const { openPool } = await import('../../open-deps.js')
  const db = openPool(config, log)
  await keepForRetention({ db, config }).finally(() => db.close())
}

async function migrateNow(): Promise<void> {
  const { connectDatabase } = await import('../../base/database/connect.js')
  const { migrate } = await import('../../base/database/migrate.js')
  const config = loadConfig()
  const { url, close } = await connectDatabase(config, remark)
  const preparedStatements = config.DATABASE_PREPARED_STATEMENTS
  try {
    const applied = await migrate({ url, preparedStatements, onProgress: remark })
    await setRetention({ ...config, DATABASE_URL: url })
    say(applied.length === 0 ? 'Nothing is pending.' : `Applied ${applied.join(', ')}.`)
  } finally {
    await close()
  }
}
