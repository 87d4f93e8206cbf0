import { Writable } from 'node:stream'
import type { TestContext } from 'node:test'
import type pg from 'pg'
import { buildApp } from '../../src/app.js'
import { loadConfig } from '../../src/base/config/load.js'
import { atEnd } from './at-end.js'
import { advanceDatabaseClock, createTestDatabase, lookInto } from './database.js'

/** What a test of ours works with: a running service over a database of its own. */
export type TestApp = Awaited<ReturnType<typeof startApp>>

export const secretKey = 'kP3vXq8ZrT1mNcW7yBdH5sLfJ0aGuE2oRiYtQxVz4K6='

/** Cheap hashes and no request limits; tests that are about those set their own. */
export const quick = {
  PUBLIC_URL: 'http://localhost:3000',
  ARGON2_MEMORY_KIB: '7168',
  ARGON2_ITERATIONS: '5',
  HASH_CONCURRENCY: '1',
  HASH_QUEUE_LIMIT: '1000',
  PASSWORD_MIN_SCORE: '0',
  RATE_LIMIT_ENABLED: 'false'
}

type Settings = Readonly<Record<string, string>>

/** Starts the service on a fresh database; everything is closed and dropped with the test. */
export async function startApp(t: TestContext, settings: Settings = {}) {
  const database = await createTestDatabase()
  atEnd(t, () => database.drop())
  return startAppOn(t, database.url, settings)
}

/** One more instance of the service on a database that is there already. */
export async function startAppOn(t: TestContext, databaseUrl: string, settings: Settings = {}) {
  const logs: string[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      logs.push(String(chunk))
      done()
    }
  })
  let shift = 0
  const clock = () => new Date(Date.now() + shift)
  const config = loadConfig({
    ...quick,
    SECRET_KEY: secretKey,
    LOG_LEVEL: 'trace',
    DATABASE_URL: databaseUrl,
    ...settings
  })
  const app = await buildApp(config, { clock, logStream: stream })
  atEnd(t, () => app.close())
  await app.ready()
  return {
    app,
    config,
    databaseUrl,
    logs,
    clock,
    inject: app.inject.bind(app),
    /** A read-only look at the database. */
    query: async <Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
      (await lookInto(databaseUrl).query<Row>(text, values)).rows,
    /** Turns both clocks, that of the process and that of the database. */
    advance: async (seconds: number) => {
      shift += seconds * 1000
      await advanceDatabaseClock(databaseUrl, seconds * 1000)
    }
  }
}
