import type { Database } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'
import type { Deps } from '../deps.js'

const readSeconds = sql`SELECT "seconds" FROM "AuditRetention"`

/** For how long the database keeps events from its other roles; null: the owner has not said it yet. */
export async function readRetention(db: Database): Promise<number | null> {
  const [row] = await db.run<{ seconds: number }>('read-audit-retention', readSeconds)
  return row?.seconds ?? null
}

/**
 * Has the database keep events for `AUDIT_RETENTION`, whoever asks to remove them. Only the owner of the
 * tables may say that, so it happens where migrations are applied.
 */
export async function keepForRetention({ db, config }: Pick<Deps, 'db' | 'config'>): Promise<void> {
  const seconds = config.AUDIT_RETENTION
  if ((await readRetention(db)) === seconds) return
  const statement = sql`
    INSERT INTO "AuditRetention" ("id", "seconds") VALUES (1, ${seconds}::int4)
    ON CONFLICT ("id") DO UPDATE SET "seconds" = EXCLUDED."seconds"`
  await db.run('keep-audit-retention', statement)
}
