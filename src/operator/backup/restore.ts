import pg from 'pg'
import { openConnection, type SessionOptions } from '../../base/database/connection.js'
import { knownMigrations, migrate } from '../../base/database/migrate.js'
import { requireFit } from '../../base/database/require-fit.js'
import { Refusal } from '../refusal.js'
import type { Header, Totals } from './format.js'
import type { OpenBackup } from './read.js'
import { listMigrations, listTables, type Table } from './tables.js'

export type RestoreOptions = {
  readonly url: string
  readonly session: SessionOptions
  readonly onProgress: (rows: number) => void
}

/** Rows of one statement. */
const batchRows = 500

/**
 * Fills an empty database with a backup, in one transaction, and applies the migrations that are newer
 * than it. A restore that fails leaves no row behind.
 *
 * @throws {Refusal} if the database is not empty, or the backup is faulty or of a newer version.
 */
export async function restoreBackup(backup: OpenBackup, options: RestoreOptions): Promise<Totals> {
  const { url, session } = options
  const { header } = backup
  const known = await knownMigrations()
  const lacking = header.migrations.filter(name => !known.includes(name))
  if (lacking.length > 0)
    throw new Refusal(
      `The backup is of Postern ${header.version}, whose migration ${lacking[0]} this version does not know. Restore it with that version or a later one.`
    )
  const connection = await openConnection(session)
  try {
    await requireFit(connection)
    await requireEmpty(connection, header)
    await migrate({ url, preparedStatements: session.preparedStatements, only: header.migrations })
    const totals = await fill(connection, backup, options.onProgress)
    await migrate({ url, preparedStatements: session.preparedStatements })
    return totals
  } finally {
    await connection.end()
  }
}

async function requireEmpty(connection: pg.Client, { migrations }: Header): Promise<void> {
  const tables = await listTables(connection)
  for (const { name } of tables) {
    const { rowCount } = await connection.query(`SELECT FROM ${pg.escapeIdentifier(name)} LIMIT 1`)
    if (rowCount !== 0)
      throw new Refusal(
        `The database is not empty: there are rows in "${name}". Restore into a new database, or into an empty DATA_DIR.`
      )
  }
  const applied = await listMigrations(connection)
  if (tables.length > 0 && applied.join() !== [...migrations].sort().join())
    throw new Refusal(
      'The database has tables of other migrations than the backup. Restore into a database without tables; they are created.'
    )
}

async function fill(
  connection: pg.Client,
  backup: OpenBackup,
  onProgress: (rows: number) => void
): Promise<Totals> {
  const tables = new Map((await listTables(connection)).map(table => [table.name, table]))
  const names = [...tables.keys()].map(name => pg.escapeIdentifier(name))
  const totals: Record<string, number> = {}
  let written = 0
  let insert: Insert | undefined
  let batch: (string | null)[][] = []
  const flush = async () => {
    if (insert === undefined || batch.length === 0) return
    await insert.run(batch)
    written += batch.length
    onProgress(written)
    totals[insert.table] = (totals[insert.table] ?? 0) + batch.length
    batch = []
  }
  await connection.query('BEGIN')
  await connection.query(`LOCK TABLE ${names.join(', ')} IN EXCLUSIVE MODE`)
  await requireEmpty(connection, backup.header)
  // Triggers judge changes; rows of a backup are the outcome of changes that were judged already.
  for (const name of names) await connection.query(`ALTER TABLE ${name} DISABLE TRIGGER USER`)
  for await (const line of backup.lines()) {
    if (Array.isArray(line)) {
      batch.push(line)
      if (batch.length === batchRows) await flush()
    } else if ('table' in line) {
      await flush()
      insert = insertInto(connection, tables.get(line.table), line)
      totals[line.table] = 0
    }
  }
  await flush()
  for (const name of names) await connection.query(`ALTER TABLE ${name} ENABLE TRIGGER USER`)
  await connection.query('COMMIT')
  return totals
}

type Insert = { readonly table: string; run(rows: readonly (string | null)[][]): Promise<unknown> }

function insertInto(
  connection: pg.Client,
  table: Table | undefined,
  { table: name, columns }: { readonly table: string; readonly columns: readonly string[] }
): Insert {
  const types = new Map(table?.columns.map(column => [column.name, column.type]))
  const unknown = columns.find(column => !types.has(column))
  if (unknown !== undefined)
    throw new Refusal(`The backup has a column ${name}.${unknown} that the database does not have.`)
  const values = columns.map((column, index) => `x.c${index}::${types.get(column)}`)
  const arrays = columns.map((_, index) => `$${index + 1}::text[]`)
  const text = `INSERT INTO ${pg.escapeIdentifier(name)} (${columns.map(column => pg.escapeIdentifier(column)).join(', ')})
    SELECT ${values.join(', ')} FROM unnest(${arrays.join(', ')}) AS x(${columns.map((_, index) => `c${index}`).join(', ')})`
  return {
    table: name,
    run: rows =>
      connection.query({
        name: `restore ${name}`,
        text,
        values: columns.map((_, index) => rows.map(row => row[index] ?? null))
      })
  }
}
