import { after } from 'node:test'
import type pg from 'pg'
import {
  adminOf,
  databaseUrl,
  startTestServer,
  type TestServer,
  useTestClock,
  withClient
} from './test-server.js'

/** A database of a test's own; `adminUrl` is the same one as somebody who may create roles. */
export type TestDatabase = {
  readonly url: string
  readonly adminUrl: string
  drop(): Promise<void>
}

let ownServer: ReturnType<typeof startTestServer> | undefined
let count = 0

// A file that is run by itself has a server by itself.
after(async () => (await ownServer)?.close())

/** A migrated database, or an empty one, whose clock `advanceDatabaseClock` turns if it is migrated. */
export async function createTestDatabase(options: { empty?: boolean } = {}): Promise<TestDatabase> {
  const server = await findServer()
  const name = server.template.replace('template', `${process.pid}_${count++}`)
  await withClient(server.url, async client => {
    if (options.empty) return client.query(`CREATE DATABASE ${name}`)
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${server.template}`)
    return client.query(useTestClock(name)) // not copied: it belongs to the server
  })
  const url = databaseUrl(server.url, name)
  return {
    url,
    adminUrl: adminOf(url),
    drop: () =>
      withClient(adminOf(server.url), async client => {
        await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
      })
  }
}

/** Lets the database see the time as so much later; prepared statements and open sessions too. */
export async function advanceDatabaseClock(
  database: string | Pick<pg.Pool, 'query'>,
  milliseconds: number
): Promise<void> {
  const text = "UPDATE test_clock.shift SET by = by + $1 * interval '1 millisecond'"
  if (typeof database !== 'string') await database.query(text, [milliseconds])
  else await withClient(database, client => client.query(text, [milliseconds]))
}

/** The one `npm test` started for all files, or this process's own. */
async function findServer(): Promise<TestServer> {
  const { POSTERN_TEST_SERVER_URL: url, POSTERN_TEST_TEMPLATE: template } = process.env
  if (url && template) return { url, template }
  ownServer ??= startTestServer()
  return ownServer
}
