import type pg from 'pg'
import type { Log } from '../../deps.js'
import type { Config } from '../config/load.js'
import { migrate, pendingMigrations } from './migrate.js'

/** The database lacks migrations, and `MIGRATE_ON_START` does not allow to apply them. */
export class PendingMigrationsError extends Error {
  constructor(pending: readonly string[]) {
    super(
      `The database lacks ${pending.join(', ')}. Run: npx prisma migrate deploy, or start with MIGRATE_ON_START=true.`
    )
    this.name = 'PendingMigrationsError'
  }
}

/**
 * Applies pending migrations if `MIGRATE_ON_START` is true.
 *
 * @throws {PendingMigrationsError} if it is false and migrations are pending.
 * @throws {MigrationsError} as {@link pendingMigrations}.
 */
export async function requireMigrated(pool: pg.Pool, config: Config, log: Log): Promise<void> {
  const pending = await pendingMigrations(pool)
  if (pending.length === 0) return
  if (!config.MIGRATE_ON_START) throw new PendingMigrationsError(pending)
  const applied = await migrate({ url: config.DATABASE_URL as string })
  log.info({ applied }, 'migrations applied')
}
