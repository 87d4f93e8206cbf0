import type pg from 'pg'
import type { Log } from '../../deps.js'
import type { Config } from '../config/load.js'
import { migrate, migrationState } from './migrate.js'
import { requireFit } from './require-fit.js'

/** The database lacks migrations, and `MIGRATE_ON_START` does not allow to apply them. */
export class PendingMigrationsError extends Error {
  constructor(pending: readonly string[]) {
    super(
      `The database lacks ${pending.join(', ')}. Run: postern migrate, or start with MIGRATE_ON_START=true.`
    )
    this.name = 'PendingMigrationsError'
  }
}

/**
 * Applies pending migrations if `MIGRATE_ON_START` is true.
 *
 * @throws {PendingMigrationsError} if it is false and migrations are pending.
 * @throws {MigrationsError} as {@link migrationState}.
 * @throws {UnfitDatabaseError}
 */
export async function requireMigrated(pool: pg.Pool, config: Config, log: Log): Promise<void> {
  await requireFit(pool)
  const { pending, newer } = await migrationState(pool)
  if (newer.length > 0)
    log.warn({ newer }, 'a newer version has migrated the database; this version may run over it')
  if (pending.length === 0) return
  if (!config.MIGRATE_ON_START) throw new PendingMigrationsError(pending)
  const applied = await migrate({
    url: config.DATABASE_URL as string,
    preparedStatements: config.DATABASE_PREPARED_STATEMENTS
  })
  log.info({ applied }, 'migrations applied')
}
