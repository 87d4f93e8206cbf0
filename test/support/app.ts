import { Writable } from 'node:stream'
import type { TestContext } from 'node:test'
import type { FastifyInstance, InjectOptions } from 'fastify'
import type pg from 'pg'
import { buildApp } from '../../src/app.js'
import { loadConfig } from '../../src/base/config/load.js'
import { atEnd } from './at-end.js'
import { assertDocumented } from './conformity.js'
import {
  advanceDatabaseClock,
  beforeServerEnds,
  createTestDatabase,
  lookInto,
  type TestDatabase
} from './database.js'
import type { Answer } from './people.js'

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

/**
 * Services of tests that are over, as good as new: starting one takes longer than most tests.
 * Settings whose effect is in memory or at the start are left out.
 */
const spare: Spare[] = []
type Spare = Fresh & { readonly key: string }
type Fresh = {
  readonly database: TestDatabase
  readonly instance: Awaited<ReturnType<typeof startInstance>>
}
const mostSpare = 3
/** Younger than the first maintenance, which would do its work in the middle of a test. */
const spareForMs = 40_000
const neverSpare = [
  'ADMIN_EMAIL',
  'DATABASE_URL',
  'EVENTS_WEBHOOK_URL',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'RATE_LIMIT_ENABLED',
  'REDIS_URL'
]

const endOf = async ({ database, instance }: Fresh) => {
  await instance.app.close()
  await database.drop()
}
beforeServerEnds(async () => {
  for (const one of spare.splice(0)) await endOf(one)
})

/** Starts the service on a fresh database; both are closed with the test, or emptied for another. */
export async function startApp(t: TestContext, settings: Settings = {}) {
  const key = JSON.stringify(settings)
  const { database, instance } = takeSpare(key) ?? (await startFresh(settings))
  atEnd(t, async () => {
    const isSpare =
      neverSpare.every(name => !Object.hasOwn(settings, name)) &&
      instance.isUsable() &&
      (await database.empty()) &&
      (await instance.renew())
    if (isSpare) spare.push({ key, database, instance })
    else await endOf({ database, instance })
    if (spare.length > mostSpare) await endOf(spare.shift() as Spare)
  })
  return instance.service()
}

function takeSpare(key: string): Spare | undefined {
  const index = spare.findLastIndex(one => one.key === key && one.instance.isUsable())
  return index < 0 ? undefined : spare.splice(index, 1)[0]
}

async function startFresh(settings: Settings): Promise<Fresh> {
  const database = await createTestDatabase()
  try {
    return { database, instance: await startInstance(database.url, settings) }
  } catch (error) {
    await database.drop()
    throw error
  }
}

/**
 * One more instance of the service on a database that is there already; `clockAhead` is by how many
 * seconds its own clock is wrong.
 */
export async function startAppOn(
  t: TestContext,
  databaseUrl: string,
  settings: Settings = {},
  { clockAhead = 0 } = {}
) {
  const instance = await startInstance(databaseUrl, settings, clockAhead * 1000)
  atEnd(t, () => instance.app.close())
  return instance.service()
}

/** `inject` that fails the test when an answer is not as the OpenAPI document says. */
function documentedInject(app: FastifyInstance): typeof app.inject {
  const inject = app.inject.bind(app)
  const basePath = app.deps.config.BASE_PATH
  const checked = async (request: InjectOptions | string) => {
    const answer = await inject(request)
    const { method, url = '/' } = typeof request === 'string' ? { url: request } : request
    if (typeof url === 'string')
      assertDocumented({ ...(method && { method }), url, basePath }, answer as Answer)
    return answer
  }
  return checked as typeof app.inject
}

async function startInstance(databaseUrl: string, settings: Settings, initialShift = 0) {
  let logs: string[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      logs.push(String(chunk))
      done()
    }
  })
  let shift = initialShift
  const clock = () => new Date(Date.now() + shift)
  const config = loadConfig({
    ...quick,
    SECRET_KEY: secretKey,
    LOG_LEVEL: 'trace',
    DATABASE_URL: databaseUrl,
    ...settings
  })
  const app = await buildApp(config, { clock, logStream: stream })
  app.inject = documentedInject(app)
  let isClosed = false
  app.addHook('onClose', async () => {
    isClosed = true
  })
  try {
    await app.ready()
  } catch (error) {
    await app.close()
    throw error
  }
  const startedAt = Date.now()
  const logsOfStart = [...logs]
  const service = () => ({
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
  })
  return {
    app,
    service,
    isUsable: () => !isClosed && !app.server.listening && Date.now() < startedAt + spareForMs,
    /** As after the start: the log, the clock, and keys of its own in the emptied database. */
    renew: async () => {
      logs = [...logsOfStart]
      shift = 0
      return app.deps.keys.load().then(
        () => true,
        () => false
      )
    }
  }
}
