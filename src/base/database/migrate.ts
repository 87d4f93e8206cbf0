import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import pg from 'pg'
import { packageRoot } from '../package-root.js'
import { version } from '../version.js'
import { type Address, readAddress } from './address.js'
import { openConnection, openConnections } from './connection.js'
import { requireFit } from './require-fit.js'

/** The database does not fit the migrations of this version. The message gives the reason. */
export class MigrationsError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'MigrationsError'
  }
}

type Migration = { readonly name: string; readonly sql: string }

type Applied = {
  readonly name: string
  readonly checksum: string
  readonly finished: boolean
  /** The least version of the service that may run over it, where the migration says one. */
  readonly leastVersion: string | null
}

type Queryable = { query: (text: string, values?: unknown[]) => Promise<{ rows: unknown[] }> }

/** What the database lacks, and what a newer version added that this one may run over. */
export type MigrationState = { readonly pending: string[]; readonly newer: string[] }

/** The used part of prisma/engine.js, which is JavaScript because the Prisma CLI loads it too. */
type EngineModule = {
  openSchemaEngine(at: { pool: pg.Pool; schema: string }): Promise<{
    engine: { applyMigrations(input: object): Promise<{ appliedMigrationNames: string[] }> }
    close(): Promise<void>
  }>
}

const enginePath = join(packageRoot, 'prisma', 'engine.js')
const migrationsDir = join(packageRoot, 'prisma', 'migrations')
const lockfile = 'migration_lock.toml'
const script = 'migration.sql'

// The advisory lock during a migration. The Prisma CLI uses a different one.
const lock = [1886352244, 2]

/**
 * Compares the migrations of this version with those of the database, oldest first.
 *
 * @throws {MigrationsError} if a migration failed, was edited after it was applied, or comes from a
 *   newer version and does not let this one run.
 */
export async function migrationState(database: Queryable): Promise<MigrationState> {
  const migrations = await readMigrations()
  let applied = await readApplied(database)
  if (applied.some(row => !row.finished)) {
    // It failed, or another instance applies it now. That instance releases the lock when it is done.
    await database.query('SELECT pg_advisory_xact_lock_shared($1, $2)', lock)
    applied = await readApplied(database)
  }
  const known = new Set(migrations.map(({ name }) => name))
  for (const row of applied) check(row, migrations)
  const done = new Set(applied.map(({ name }) => name))
  return {
    pending: [...known].filter(name => !done.has(name)),
    newer: [...done].filter(name => !known.has(name))
  }
}

/**
 * Applies pending migrations with Prisma's engine and returns their names. If several instances start
 * at once, one applies them and the others wait. The schema of the URL is created if it is missing.
 *
 * @throws {MigrationsError} as {@link migrationState}, and if a migration fails.
 * @throws {UnfitDatabaseError}
 * @throws {ConnectionError}
 */
export async function migrate(options: {
  readonly url: string
  readonly preparedStatements?: boolean
  /** Of the pending ones, only these: those of a backup. */
  readonly only?: readonly string[]
  readonly onProgress?: (message: string) => void
}): Promise<string[]> {
  const address = readAddress(options.url)
  // A migration, and waiting for another instance that runs it, may take long.
  const session = { address, timeoutMs: 0, preparedStatements: options.preparedStatements ?? true }
  const connection = await openConnection(session)
  try {
    await requireFit(connection)
    // The lock of a transaction: one of a session would stay behind in a pooler.
    await connection.query('BEGIN')
    await connection.query('SELECT pg_advisory_xact_lock($1, $2)', lock)
    const state = await migrationState(connection)
    const pending = state.pending.filter(name => options.only?.includes(name) ?? true)
    if (pending.length === 0) return []
    options.onProgress?.(`Applying ${pending.join(', ')} …`)
    // One connection, so that whatever the engine sets for its session stays in force.
    return await apply(openConnections(session, { max: 1 }), address, options.only)
  } finally {
    await connection.end() // releases the lock
  }
}

async function apply(
  pool: pg.Pool,
  { schema }: Address,
  only?: readonly string[]
): Promise<string[]> {
  const module: EngineModule = await import(pathToFileURL(enginePath).href)
  await pool.query(`CREATE SCHEMA IF NOT EXISTS ${pg.escapeIdentifier(schema)}`)
  const { engine, close } = await module.openSchemaEngine({ pool, schema })
  try {
    const { appliedMigrationNames } = await engine.applyMigrations({
      migrationsList: {
        baseDir: migrationsDir,
        lockfile: {
          path: lockfile,
          content: await readFile(join(migrationsDir, lockfile), 'utf8')
        },
        shadowDbInitScript: '',
        migrationDirectories: (await readMigrations())
          .filter(({ name }) => only?.includes(name) ?? true)
          .map(({ name, sql }) => ({
            path: name,
            migrationFile: { path: script, content: { tag: 'ok', value: sql } }
          }))
      },
      filters: { externalTables: [], externalEnums: [] }
    })
    return appliedMigrationNames
  } catch (error) {
    // The engine appends positions in its own source code.
    const [reason] = (error instanceof Error ? error.message : String(error)).split(/\n +\d+: /)
    throw new MigrationsError(`A migration failed. ${reason}`, { cause: error })
  } finally {
    await close()
  }
}

/** The names of the migrations of this version, oldest first. */
export const knownMigrations = async (): Promise<string[]> =>
  (await readMigrations()).map(({ name }) => name)

async function readMigrations(): Promise<Migration[]> {
  const entries = await readdir(migrationsDir, { withFileTypes: true })
  const names = entries.filter(entry => entry.isDirectory()).map(({ name }) => name)
  return Promise.all(
    names.sort().map(async name => ({
      name,
      sql: await readFile(join(migrationsDir, name, script), 'utf8')
    }))
  )
}

async function readApplied(database: Queryable): Promise<Applied[]> {
  // A failed statement would end the transaction, and with it the lock.
  const tables = await database.query(
    `SELECT to_regclass('_prisma_migrations') IS NOT NULL AS "any", to_regclass('"MigrationFloor"') IS NOT NULL AS floors`
  )
  const { any, floors } = tables.rows[0] as { any: boolean; floors: boolean }
  if (!any) return []
  const { rows } = await database.query(`
    SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS finished,
      ${floors ? `(SELECT "leastVersion" FROM "MigrationFloor" WHERE "migration" = migration_name)` : 'NULL'} AS "leastVersion"
    FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at`)
  return rows as Applied[]
}

function check(
  { name, checksum, finished, leastVersion }: Applied,
  migrations: readonly Migration[]
): void {
  const migration = migrations.find(known => known.name === name)
  if (migration === undefined) {
    if (leastVersion === null || !isOlder(version, leastVersion)) return
    throw new MigrationsError(
      `The database was migrated by a newer version of Postern (${name}), which at least version ${leastVersion} can run over. This is ${version}. Start that version.`
    )
  }
  if (!finished) {
    throw new MigrationsError(
      `The migration ${name} failed and changed nothing. Its error is in the table _prisma_migrations. ` +
        `Fix the cause, run: npx prisma migrate resolve --rolled-back ${name}, and start again.`
    )
  }
  if (checksum !== createHash('sha256').update(migration.sql).digest('hex')) {
    throw new MigrationsError(
      `The migration ${name} was edited after it had been applied. The database may differ from ` +
        'what this version expects. Restore the file.'
    )
  }
}

/** Compares versions by their three numbers. */
function isOlder(one: string, other: string): boolean {
  const [a, b] = [one, other].map(text => text.split(/[.-]/, 3).map(Number)) as [number[], number[]]
  const differing = a.findIndex((number, index) => number !== b[index])
  return differing >= 0 && (a[differing] ?? 0) < (b[differing] ?? 0)
}
