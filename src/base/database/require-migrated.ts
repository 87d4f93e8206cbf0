import type pg from 'pg'
import type { Log } from '../../deps.js'
import type { Config } from '../config/load.js'
import { migrate, pendingMigrations } from './migrate.js'

/** The database does not have the migrations of this version, and may not be given them. */
export class PendingMigrationsError extends Error {
  constructor(pending: readonly string[]) {
    super(
      `The database lacks ${pending.join(', ')}. Apply with: npx prisma migrate deploy, or start with MIGRATE_ON_START=true.`
    )
    this.name = 'PendingMigrationsError'
  }
}

/**
 * Applies pending migrations where `MIGRATE_ON_START` says so.
 *
 * @throws {PendingMigrationsError} where it does not; what {@link pendingMigrations} throws for a
 *   database of a newer version.
 */
export async function requireMigrated(pool: pg.Pool, config: Config, log: Log): Promise<void> {
  const pending = await pendingMigrations(pool)
  if (pending.length === 0) return
  if (!config.MIGRATE_ON_START) throw new PendingMigrationsError(pending)
  const applied = await migrate({ url: config.DATABASE_URL as string })
  log.info({ applied }, 'migrations applied')
}
