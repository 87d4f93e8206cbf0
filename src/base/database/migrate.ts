import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import pg from 'pg'
import { packageRoot } from '../package-root.js'

/** The database is not in a state that this version's migrations lead to; the message says why. */
export class MigrationsError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'MigrationsError'
  }
}

type Migration = { readonly name: string; readonly sql: string }

type Applied = { readonly name: string; readonly checksum: string; readonly finished: boolean }

/** A pool or a session. */
type Queryable = { query: (text: string, values?: unknown[]) => Promise<{ rows: unknown[] }> }

/** What of prisma/engine.js is used here; it is JavaScript, for the Prisma CLI's sake. */
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

// Held while migrating. Ours alone: the Prisma CLI takes another one.
const lock = [1886352244, 2]

/**
 * The migrations of this version that the database lacks, oldest first.
 *
 * @throws {MigrationsError} if one failed half-way, was edited after it was applied, or comes from
 *   a newer version: such a database must not be served
 */
export async function pendingMigrations(database: Queryable): Promise<string[]> {
  const migrations = await readMigrations()
  let applied = await readApplied(database)
  if (applied.some(row => !row.finished)) {
    // Either it failed, or another instance is at it: then it is done when we get the lock.
    await database.query('SELECT pg_advisory_xact_lock_shared($1, $2)', lock)
    applied = await readApplied(database)
  }
  for (const row of applied) check(row, migrations)
  const done = new Set(applied.map(({ name }) => name))
  return migrations.map(({ name }) => name).filter(name => !done.has(name))
}

/**
 * Brings the database up to this version with Prisma's own engine, and returns what was applied.
 * Of several instances that start at once, one works and the others wait for it.
 *
 * @throws {MigrationsError} as {@link pendingMigrations} does, and if a migration fails
 */
export async function migrate(options: {
  readonly url: string
  readonly onProgress?: (message: string) => void
}): Promise<string[]> {
  const session = new pg.Client(options.url)
  session.on('error', () => undefined) // a query that waits will reject
  await session.connect()
  try {
    await session.query('SELECT pg_advisory_lock($1, $2)', lock)
    const pending = await pendingMigrations(session)
    if (pending.length === 0) return []
    options.onProgress?.(`Applying ${pending.join(', ')} …`)
    return await apply(options.url)
  } finally {
    await session.end() // and the lock goes with it
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
    // The engine appends where in its own code it stood.
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
        `When the cause is gone: npx prisma migrate resolve --rolled-back ${name}, and start again.`
    )
  }
  if (checksum !== createHash('sha256').update(migration.sql).digest('hex')) {
    throw new MigrationsError(
      `The migration ${name} was edited after it had been applied, so the database may not be what ` +
        'this version expects. Restore the file.'
    )
  }
}
