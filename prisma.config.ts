import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'
import { defineConfig } from 'prisma/config'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

// The CLI reads this file before it looks for its schema engine: with ours named here it has no
// reason to download one (docs/decisions/002). Whoever sets the variable keeps their own.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= here('./prisma/schema-engine.js')

const file = here('./.env')
const settings = existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {}
const url = process.env.DATABASE_URL ?? settings.DATABASE_URL

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  // Absent for `prisma generate`, which needs no database.
  ...(url !== undefined && { datasource: { url } })
})
