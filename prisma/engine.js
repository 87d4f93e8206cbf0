// Prisma's own schema engine, as WebAssembly inside this process: what `prisma migrate` runs by way
// of schema-engine.js, and what the service migrates with at start (src/base/database/migrate.ts).
// Plain JavaScript, because the first of these runs before anything is compiled.
import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils'
import pg from 'pg'

const wasmPackage = '@prisma/schema-engine-wasm/schema_engine_bg'

/**
 * Opens the engine on the database of a pool of one connection, or of a URL; `close` ends the
 * connections. Without both it can do what takes no database: compare schema files.
 *
 * @param {{ pool: pg.Pool, schema: string } | { url: string } | undefined} at
 * @param {[path: string, content: string][]} [datamodels]
 */
export async function openSchemaEngine(at, datamodels) {
  loading ??= loadWasm()
  const { SchemaEngine } = await loading
  const factory = at === undefined ? new NoDatabase() : new EngineAdapterFactory(at)
  const bound = bindMigrationAwareSqlAdapterFactory(factory)
  const engine = await SchemaEngine.new({ datamodels }, () => {}, bound)
  return { engine, close: () => factory.close() }
}

// Once for the process: the glue knows one instance at a time.
let loading

// Node 20 does not import .wasm files by itself, so the package's glue is given its other half here.
async function loadWasm() {
  const location = import.meta.resolve(wasmPackage)
  const glue = await import(location)
  // The engine calls this with its reason before it gives up for good.
  globalThis.PRISMA_WASM_PANIC_REGISTRY ??= { set_message: fail }
  const bytes = await readFile(new URL('schema_engine_bg.wasm', location))
  const imports = Object.fromEntries(Object.entries(glue).map(withoutWaiting))
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': imports })
  glue.__wbg_set_wasm(instance.exports)
  instance.exports.__wbindgen_start()
  return glue
}

// The engine sets a time limit of ten seconds for its lock and does not clear it, so a command that is done would
// wait for it. While a lock is waited for, the connection keeps the process alive.
const withoutWaiting = ([name, imported]) =>
  name.startsWith('__wbg_setTimeout_')
    ? [name, (call, ms) => setTimeout(call, ms >>> 0).unref()]
    : [name, imported]

function fail(message) {
  throw new Error(message)
}

/** Prisma's adapter for pg, made fit for migrations in three places where it is not. */
class EngineAdapterFactory extends PrismaPg {
  #url
  #lockedOutside
  #adapters = []

  constructor({ pool, schema, url }) {
    // One connection, so that whatever the engine sets or locks for its session stays in force.
    const own = url === undefined ? { schema } : clientOptions(url)
    super(pool ?? { connectionString: own.connectionString, max: 1 }, { schema: own.schema })
    this.#url = url
    this.#lockedOutside = pool !== undefined
  }

  async connect() {
    const adapter = await super.connect()
    this.#adapters.push(adapter)
    teachChar(adapter)
    if (this.#lockedOutside) leaveOutLock(adapter)
    // The adapter cuts a script at every semicolon, also in comments, strings and function bodies.
    // As one query it is read by PostgreSQL, and a migration happens as a whole or not at all.
    adapter.executeScript = async sql => {
      await adapter.executeRaw({ sql, args: [], argTypes: [] })
    }
    return adapter
  }

  async connectToShadowDb() {
    const name = `prisma_migrate_shadow_${randomUUID()}`
    const main = await this.connect()
    await main.executeScript(`CREATE DATABASE "${name}"`)
    const url = new URL(this.#url)
    url.pathname = name // as an option beside a URL it would not count, and the real one be used
    const shadow = new EngineAdapterFactory({ url: url.href })
    const adapter = await shadow.connect()
    adapter.dispose = async () => {
      await shadow.close()
      await main.executeScript(`DROP DATABASE "${name}"`)
    }
    return adapter
  }

  async close() {
    const drivers = this.#adapters.map(adapter => adapter.underlyingDriver())
    await Promise.all(drivers.map(pool => pool.ending || pool.end()))
  }
}

/**
 * What of a URL pg does not read as libpq and Prisma do: `schema`, and the modes of TLS.
 *
 * @param {string} url
 */
export function clientOptions(url) {
  const read = new URL(url)
  const schema = read.searchParams.get('schema') ?? 'public'
  read.searchParams.delete('schema')
  if (!read.searchParams.has('options'))
    read.searchParams.set(
      'options',
      `-c search_path=${pg.escapeIdentifier(schema).replaceAll(' ', '\\ ')}`
    )
  if (read.searchParams.has('sslmode')) read.searchParams.set('uselibpqcompat', 'true')
  return { schema, connectionString: read.href }
}

/** The service holds a lock of its own; the engine's, of a session, would stay behind in a pooler. */
function leaveOutLock(adapter) {
  const { executeRaw } = adapter
  adapter.executeRaw = async query =>
    /^\s*SELECT pg_advisory_lock\(\d+\)\s*$/.test(query.sql) ? 0 : executeRaw.call(adapter, query)
}

// PostgreSQL's internal type "char": its catalogues use it, and the adapter refuses to read it.
const internalChar = 18

function teachChar(adapter) {
  const { performIO, queryRaw } = adapter
  const charColumns = new WeakMap()
  adapter.performIO = async query => {
    const result = await performIO.call(adapter, query)
    const columns = (result.fields ?? []).filter(field => field.dataTypeID === internalChar)
    if (columns.length === 0) return result
    charColumns.set(
      result.rows,
      columns.map(field => result.fields.indexOf(field))
    )
    for (const field of columns) field.dataTypeID = pg.types.builtins.TEXT
    return result
  }
  adapter.queryRaw = async query => {
    const result = await queryRaw.call(adapter, query)
    for (const index of charColumns.get(result.rows) ?? []) {
      result.columnTypes[index] = ColumnTypeEnum.Character
    }
    return result
  }
}

/** The engine asks for a version as it opens, also where it will never ask for anything else. */
class NoDatabase {
  provider = 'postgres'
  adapterName = 'none'

  async connect() {
    const { provider, adapterName } = this
    const refuse = async () => {
      throw new Error('This needs a database: set DATABASE_URL.')
    }
    let opened = false
    const queryRaw = async () => {
      if (opened) return refuse()
      opened = true
      return {
        columnNames: ['exists', 'version', 'numeric_version'],
        columnTypes: [ColumnTypeEnum.Boolean, ColumnTypeEnum.Text, ColumnTypeEnum.Int32],
        rows: [[true, 'PostgreSQL', 150000]]
      }
    }
    const rest = { executeRaw: refuse, executeScript: refuse, startTransaction: refuse }
    return { provider, adapterName, queryRaw, ...rest, dispose: async () => {} }
  }

  connectToShadowDb = this.connect

  async close() {}
}
