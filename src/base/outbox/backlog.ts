import type { Database } from '../database/database.js'
import { type Sql, sql } from '../database/sql.js'

export type Backlog = {
  readonly queued: number
  readonly dead: number
  /** Age of the oldest queued row; 0 without one. */
  readonly oldestSeconds: number
}

/** Counts the rows of an outbox that wait or were given up. Others may be many, so nobody counts them here. */
export async function readBacklog(
  db: Database,
  outbox: { readonly name: string; readonly table: Sql }
): Promise<Backlog> {
  const { name, table } = outbox
  const statement = sql`
    SELECT (SELECT count(*)::int4 FROM ${table} WHERE "state" = 'dead') AS "dead", q.*
    FROM (SELECT count(*)::int4 AS "queued",
        COALESCE(extract(epoch FROM now() - min("createdAt")), 0)::float8 AS "oldestSeconds"
      FROM ${table} WHERE "state" = 'queued') q`
  const [row] = await db.run<Backlog>(`read-${name}-backlog`, statement)
  return row as Backlog
}
