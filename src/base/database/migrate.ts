import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import pg from 'pg'
import { packageRoot } from '../package-root.js'

/** The database does not fit the migrations of this version. The message gives the reason. */
export class MigrationsError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'MigrationsError'
  }
}

type Migration = { readonly name: string; readonly sql: string }

type Applied = { readonly name: string; readonly checksum: string; readonly finished: boolean }

type Queryable = { query: (text: string, values?: unknown[]) => Promise<{ rows: unknown[] }> }

/** The used part of prisma/engine.js, which is JavaScript because the Prisma CLI loads it too. */
type EngineModule = {
  openSchemaEngine(url: string): Promise<{
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
 * The migrations of this version that the database lacks, oldest first.
 *
 * @throws {MigrationsError} if a migration failed, was edited after it was applied, or comes from a
 *   newer version.
 */
export async function pendingMigrations(database: Queryable): Promise<string[]> {
  const migrations = await readMigrations()
  let applied = await readApplied(database)
  if (applied.some(row => !row.finished)) {
    // It failed, or another instance applies it now. That instance releases the lock when it is done.
    await database.query('SELECT pg_advisory_xact_lock_shared($1, $2)', lock)
    applied = await readApplied(database)
  }
  for (const row of applied) check(row, migrations)
  const done = new Set(applied.map(({ name }) => name))
  return migrations.map(({ name }) => name).filter(name => !done.has(name))
}

/**
 * Applies pending migrations with Prisma's engine and returns their names. If several instances start
 * at once, one applies them and the others wait.
 *
 * @throws {MigrationsError} as {@link pendingMigrations}, and if a migration fails.
 */
export async function migrate(options: {
  readonly url: string
  readonly onProgress?: (message: string) => void
}): Promise<string[]> {
  const session = new pg.Client(options.url)
  session.on('error', () => undefined) // the waiting query rejects with the same error
  await session.connect()
  try {
    await session.query('SELECT pg_advisory_lock($1, $2)', lock)
    const pending = await pendingMigrations(session)
    if (pending.length === 0) return []
    options.onProgress?.(`Applying ${pending.join(', ')} …`)
    return await apply(options.url)
  } finally {
    await session.end() // releases the lock
  }
}

async function apply(url: string): Promise<string[]> {
  const module: EngineModule = await import(pathToFileURL(enginePath).href)
  const { engine, close } = await module.openSchemaEngine(url)
  try {
    const { appliedMigrationNames } = await engine.applyMigrations({
      migrationsList: {
        baseDir: migrationsDir,
        lockfile: {
          path: lockfile,
          content: await readFile(join(migrationsDir, lockfile), 'utf8')
        },
        shadowDbInitScript: '',
        migrationDirectories: (await readMigrations()).map(({ name, sql }) => ({
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
  const text = `SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS finished
    FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at`
  try {
    return (await database.query(text)).rows as Applied[]
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === '42P01') return []
    throw error
  }
}

function check({ name, checksum, finished }: Applied, migrations: readonly Migration[]): void {
  const migration = migrations.find(known => known.name === name)
  if (migration === undefined) {
    throw new MigrationsError(
      `The database was migrated by a newer version of Postern (${name}). Start that version.`
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
