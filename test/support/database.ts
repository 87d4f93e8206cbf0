import { after } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import {
  adminOf,
  databaseUrl,
  dropDatabase,
  startTestServer,
  type TestServer,
  useTestClock,
  withClient,
  withTestClock
} from './test-server.js'

/** A database of a test's own; `adminUrl` is the same one as somebody who may create roles. */
export type TestDatabase = {
  readonly url: string
  readonly adminUrl: string
  /** Empties it under a service that stays connected; false where that is not as good as a new one. */
  empty(): Promise<boolean>
  drop(): Promise<void>
}

let ownServer: ReturnType<typeof startTestServer> | undefined
let count = 0
/** Databases of tests that are over, empty again. Making one anew takes ten times as long. */
const spare: TestDatabase[] = []
let untouched: string | undefined

const endings: (() => Promise<void>)[] = []
/** Does something when all tests of the process are over, while there is the server. */
export const beforeServerEnds = (ending: () => Promise<void>) => void endings.push(ending)

after(async () => {
  for (const ending of endings) await ending()
  // A file that is run by itself has a server by itself.
  await (await ownServer)?.close()
})

/** A migrated database, or an empty one, whose clock `advanceDatabaseClock` turns if it is migrated. */
export async function createTestDatabase(options: { empty?: boolean } = {}): Promise<TestDatabase> {
  const { empty = false } = options
  const used = empty ? undefined : spare.pop()
  if (used !== undefined) return used
  const server = await findServer()
  const name = server.template.replace('template', `${process.pid}_${count++}`)
  const url = empty ? databaseUrl(server.url, name) : withTestClock(databaseUrl(server.url, name))
  await withClient(server.url, async client => {
    if (empty) return client.query(`CREATE DATABASE ${name}`)
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${server.template}`)
    return client.query(useTestClock(name)) // not copied: it belongs to the server
  })
  const database = {
    url,
    adminUrl: adminOf(url),
    empty: async () => !empty && (await becomesIdle(url)) && (await isEmptied(url)),
    async drop() {
      if (!empty && (await clear(url).catch(() => false))) return void spare.push(database)
      await endLook(url)
      await dropDatabase(adminOf(server.url), name)
    }
  }
  if (!empty) untouched ??= await structureOf(lookInto(url))
  return database
}

const looks = new Map<string, pg.Pool>()

/** A test's own connections to a database; they are kept as long as there is the database. */
export function lookInto(url: string): pg.Pool {
  const known = looks.get(url)
  if (known !== undefined) return known
  const pool = new pg.Pool({
    connectionString: url,
    max: 2,
    idleTimeoutMillis: 0,
    allowExitOnIdle: true,
    application_name: onlooker
  })
  pool.on('error', () => {})
  looks.set(url, pool)
  return pool
}

async function endLook(url: string): Promise<void> {
  await looks.get(url)?.end()
  looks.delete(url)
}

const onlooker = 'a test'

/** Sends everybody away and empties the tables; false where a test changed more than what is in them. */
async function clear(url: string): Promise<boolean> {
  await lookInto(url).query(sendAway, [onlooker])
  return isEmptied(url)
}

async function isEmptied(url: string): Promise<boolean> {
  const pool = lookInto(url)
  if ((await structureOf(pool)) !== untouched) return false
  await pool.query(emptyTables)
  return true
}

/** Waits until the service does nothing and no mail is on its way. */
async function becomesIdle(url: string): Promise<boolean> {
  for (const limit = Date.now() + 2000; Date.now() < limit; await pause(10)) {
    const { rows } = await lookInto(url).query(busy, [onlooker])
    if (rows[0].busy === false) return true
  }
  return false
}

const busy = `
  SELECT EXISTS (SELECT FROM pg_stat_activity
      WHERE datname = current_database() AND application_name <> $1 AND state <> 'idle')
    OR EXISTS (SELECT FROM "Mail" WHERE "state" = 'queued' AND "leasedUntil" > now()) AS busy`

const sendAway = `
  SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE datname = current_database() AND application_name <> $1`

const emptyTables = `
  DO $$ DECLARE it record; BEGIN
    FOR it IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN ('_prisma_migrations', 'MigrationFloor')
    LOOP
      EXECUTE format('DELETE FROM %I', it.tablename);
    END LOOP;
    UPDATE test_clock.shift SET by = '0';
  END $$`

/** A digest of tables, columns, constraints, rights and migrations. */
async function structureOf(pool: pg.Pool): Promise<string> {
  const { rows } = await pool.query(`
    SELECT md5(
      (SELECT string_agg(concat_ws(' ', c.oid, c.relname, c.relacl, a.attname, a.atttypid, a.attnotnull), ',' ORDER BY c.oid, a.attnum)
        FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid WHERE relnamespace = 'public'::regnamespace)
      || (SELECT string_agg(conname, ',' ORDER BY oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace)
      || (SELECT string_agg(m::text, ',' ORDER BY id) FROM "_prisma_migrations" m)) AS digest`)
  return rows[0].digest
}

/** Lets the database see the time as so much later; prepared statements and open sessions too. */
export async function advanceDatabaseClock(url: string, milliseconds: number): Promise<void> {
  const text = "UPDATE test_clock.shift SET by = by + $1 * interval '1 millisecond'"
  await lookInto(url).query(text, [milliseconds])
}

/** The one `npm test` started for all files, or this process's own. */
async function findServer(): Promise<TestServer> {
  const { POSTERN_TEST_SERVER_URL: url, POSTERN_TEST_TEMPLATE: template } = process.env
  if (url && template) return { url, template }
  ownServer ??= startTestServer()
  return ownServer
}
