import type pg from 'pg'
import { Refusal } from '../refusal.js'

export type Column = { readonly name: string; readonly type: string }

export type Table = { readonly name: string; readonly columns: readonly Column[] }

type Row = Table & { readonly references: readonly string[] }

/**
 * The tables of the schema, those that others refer to first, without what migrations write. A table in
 * partitions is one table.
 *
 * @throws {Refusal} if they refer to each other in a circle.
 */
export async function listTables(connection: pg.Client): Promise<Table[]> {
  const { rows } = await connection.query<Row>(`
    SELECT c.relname AS name,
      (SELECT json_agg(json_build_object('name', attname, 'type', format_type(atttypid, atttypmod)) ORDER BY attnum)
        FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '') AS columns,
      ARRAY(SELECT DISTINCT other.relname::text FROM pg_constraint JOIN pg_class other ON other.oid = confrelid
        WHERE conrelid = c.oid AND contype = 'f' AND confrelid <> c.oid) AS "references"
    FROM pg_class c
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
      AND c.relname NOT IN ('_prisma_migrations', 'MigrationFloor', 'AuditRetention')
    ORDER BY c.relname`)
  const ordered: Row[] = []
  let left = rows
  while (left.length > 0) {
    const done = new Set(ordered.map(({ name }) => name))
    const next = left.filter(({ references }) => references.every(name => done.has(name)))
    if (next.length === 0) throw new Refusal('Tables refer to each other in a circle.')
    ordered.push(...next)
    left = left.filter(row => !next.includes(row))
  }
  return ordered
}

/** The migrations that are in force, oldest first; none in an empty database. */
export async function listMigrations(connection: pg.Client): Promise<string[]> {
  const { rows: found } = await connection.query<{ any: boolean }>(
    `SELECT to_regclass('_prisma_migrations') IS NOT NULL AS "any"`
  )
  if (found[0]?.any !== true) return []
  const { rows } = await connection.query<{ name: string }>(`
    SELECT migration_name AS name FROM _prisma_migrations
    WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL ORDER BY migration_name`)
  return rows.map(({ name }) => name)
}
