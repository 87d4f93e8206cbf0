// Prisma's own schema engine, as WebAssembly inside this process: what `prisma migrate` runs
// (schema-engine.js) and what the service migrates with at start (src/database/migrate.ts).
// Plain JavaScript, because the first runs before anything is compiled.
import { readFile } from 'node:fs/promises'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import pg from 'pg'

// PostgreSQL's internal type "char", which its catalogues use and the adapter does not know.
const internalChar = 18

/**
 * Opens the engine on a database; `close` ends its connections.
 *
 * @param {{ url: string, datamodels?: [path: string, content: string][] }} options
 */
export async function openSchemaEngine({ url, datamodels = [] }) {
  const { SchemaEngine } = await load()
  const pools = []
  const openPool = options => {
    const pool = new pg.Pool({ ...options, Client: CatalogueClient, max: 1 })
    pools.push(pool)
    return pool
  }
  const factory = adapterFactory({ url, openPool })
  const bound = bindMigrationAwareSqlAdapterFactory(factory)
  const engine = await SchemaEngine.new({ datamodels }, () => {}, bound)
  return { engine, close: () => Promise.all(pools.map(pool => pool.end())) }
}
