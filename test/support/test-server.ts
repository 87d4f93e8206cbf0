import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { openEmbedded } from '../../src/base/database/embedded.js'
import { migrate } from '../../src/base/database/migrate.js'

/** Where test databases are made: a server, and on it a migrated database to copy. */
export type TestServer = { readonly url: string; readonly template: string }

// Nothing here outlives the run, so nothing needs to survive a power cut.
const quick = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  max_connections: '400'
}

/** The server of `TEST_DATABASE_URL`, whose user may create databases, or an embedded one. */
export async function startTestServer(): Promise<TestServer & { close(): Promise<void> }> {
  const given = process.env.TEST_DATABASE_URL
  const { url, close } = given ? { url: given, close: async () => undefined } : await embedded()
  const template = `postern_test_${process.pid}_template`
  const removeAll = () => dropDatabases(adminOf(url), `postern_test_${process.pid}_`)
  try {
    await removeAll() // of a run that was killed, long ago
    await withClient(url, client => client.query(`CREATE DATABASE ${template}`))
    await fillTemplate(url, template)
  } catch (error) {
    await close()
    throw error
  }
  return {
    url,
    template,
    close: async () => {
      await removeAll()
      await close()
    }
  }
}

/** The same server, another database. */
export function databaseUrl(url: string, database: string): string {
  const other = new URL(url)
  other.pathname = database
  return other.href
}

/** Makes plain `now()` mean the clock of {@link createClock}; new objects still go to `public`. */
export const useTestClock = (database: string) =>
  `ALTER DATABASE ${database} SET search_path = public, test_clock, pg_catalog`

/** The same for the service, which sets the search path of its connections itself. */
export function withTestClock(url: string): string {
  const turned = new URL(url)
  turned.searchParams.set('options', '-c search_path=public,test_clock,pg_catalog')
  return turned.href
}

/** Runs something on a connection of its own. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>) {
  const client = new pg.Client(url)
  await client.connect()
  return work(client).finally(() => client.end())
}

async function embedded() {
  const dir = await mkdtemp(join(tmpdir(), 'postern-test-'))
  await chmod(dir, 0o711) // for the user that runs PostgreSQL when we are root
  const dataDir = join(dir, 'data')
  const server = await openEmbedded({ dataDir, onProgress: () => undefined, settings: quick })
  const close = async () => {
    await server.close()
    await rm(dir, { recursive: true })
  }
  return { url: server.url, close }
}

/** The clock comes first, so that defaults and functions of the migrations bind to it as well. */
async function fillTemplate(serverUrl: string, template: string): Promise<void> {
  const url = withTestClock(databaseUrl(serverUrl, template))
  await withClient(url, client => client.query(createClock))
  await withClient(serverUrl, client => client.query(useTestClock(template)))
  await migrate({ url })
  await withClient(url, client => client.query(turnKeywordDefaults))
}

async function dropDatabases(url: string, prefix: string): Promise<void> {
  await withClient(url, async client => {
    const text = 'SELECT datname FROM pg_database WHERE starts_with(datname, $1)'
    const { rows } = await client.query(text, [prefix])
    for (const { datname } of rows) await dropDatabase(url, datname)
  })
}

/** Whoever is still connected is sent away. */
export const dropDatabase = (serverUrl: string, name: string) =>
  withClient(serverUrl, client => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))

// Stable like the originals: one value for a statement, and another for the next.
const createClock = `
  CREATE SCHEMA test_clock;
  CREATE TABLE test_clock.shift (by interval NOT NULL);
  INSERT INTO test_clock.shift VALUES ('0');
  GRANT USAGE ON SCHEMA test_clock TO PUBLIC;
  GRANT SELECT ON test_clock.shift TO PUBLIC;
  CREATE FUNCTION test_clock.now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
    AS 'SELECT pg_catalog.now() + by FROM test_clock.shift';
  CREATE FUNCTION test_clock.transaction_timestamp() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
    AS 'SELECT pg_catalog.transaction_timestamp() + by FROM test_clock.shift';
  CREATE FUNCTION test_clock.statement_timestamp() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
    AS 'SELECT pg_catalog.statement_timestamp() + by FROM test_clock.shift';
  CREATE FUNCTION test_clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE PARALLEL SAFE
    AS 'SELECT pg_catalog.clock_timestamp() + by FROM test_clock.shift';`

// CURRENT_TIMESTAMP, which Prisma writes for @default(now()), is a keyword: no path leads elsewhere.
const turnKeywordDefaults = `
  DO $$ DECLARE it record; BEGIN
    FOR it IN SELECT attrelid::regclass AS tab, attname FROM pg_attrdef
      JOIN pg_attribute ON attrelid = adrelid AND attnum = adnum
      WHERE pg_get_expr(adbin, adrelid) = 'CURRENT_TIMESTAMP'
    LOOP
      EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT test_clock.now()', it.tab, it.attname);
    END LOOP;
  END $$`

/** The same server as somebody who may do everything there: autovacuum is in nobody else's power. */
export function adminOf(url: string): string {
  if (process.env.TEST_DATABASE_URL) return url
  const admin = new URL(url)
  admin.username = 'postgres'
  return admin.href
}
