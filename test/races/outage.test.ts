import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { migrate } from '../../src/base/database/migrate.js'
import { startApp, startAppOn, type TestApp } from '../support/app.js'
import { atEnd } from '../support/at-end.js'
import { createTestDatabase, lookInto, type TestDatabase } from '../support/database.js'
import { patient } from '../support/expect.js'
import { assertUnavailable, refreshInTheEnd, startLoad } from '../support/load.js'
import {
  type Client,
  changePassword,
  logout,
  logoutAll,
  newClient,
  newMember,
  newPerson,
  readUser,
  refresh,
  refreshCookie,
  signIn,
  signUp
} from '../support/people.js'
import { startProxy } from '../support/proxy.js'
import { send } from '../support/service-process.js'
import { atOnce, until } from '../support/until.js'

/** Clients that try again after an outage find their answers lost, not their sessions. */
const settings = {
  ...patient,
  REFRESH_REUSE_GRACE_SECONDS: '300'
}

/** Whoever waits for a stalled database does not wait for long. */
const impatient = { ...settings, DATABASE_STATEMENT_TIMEOUT: '1s' }

/** A service that reaches its database over a wire of ours, and one that reaches it directly. */
async function startOverWire(t: TestContext, more: Record<string, string> = {}) {
  const direct = await startApp(t, settings)
  const wire = await startProxy(t, direct.databaseUrl)
  const service = await startAppOn(t, wire.url, { ...impatient, ...more })
  return { direct, wire, service }
}

/** Somebody who joined when all was well, with a client that meets the outage. */
async function newMemberOf({ direct, service }: Wired, options: { transport?: 'body' } = {}) {
  const { person, client: before } = await newMember(direct, options)
  const client = newClient(service, options)
  client.access = before.access
  client.refreshToken = before.refreshToken
  return { person, client }
}
type Wired = Omit<Awaited<ReturnType<typeof startOverWire>>, 'wire'>

const isReady = async (service: TestApp) =>
  (await service.inject({ method: 'GET', url: '/health/ready' })).statusCode === 200

test('FLT-01 a database that is away at the start is waited for', async t => {
  const database = await createTestDatabase()
  atEnd(t, () => database.drop())
  const wire = await startProxy(t, database.url)
  await wire.cut()
  const service = await startAppOn(t, wire.url, settings)
  const origin = await service.app.listen({ port: 0, host: '127.0.0.1' })
  const get = (url: string) => send(origin, { method: 'GET', url })
  assert.equal((await get('/health/live')).statusCode, 200)
  assertUnavailable(await get('/health/ready'))
  assertUnavailable(await get('/.well-known/jwks.json'))
  assertUnavailable(
    await signIn(newClient({ inject: request => send(origin, request) }), newPerson())
  )

  await wire.mend()
  await until('the service is ready', async () => (await get('/health/ready')).statusCode === 200)
  const { client } = await newMember({ inject: request => send(origin, request) })
  assert.equal((await refresh(client)).statusCode, 200)
})

const setLast = (url: string, finishedAt: string) =>
  lookInto(url).query(`UPDATE _prisma_migrations SET finished_at = ${finishedAt}
    WHERE started_at = (SELECT max(started_at) FROM _prisma_migrations)`)

/** What keeps a database that came back from being served, until somebody mends it. */
const unfit: [
  name: string,
  spoil: (database: TestDatabase) => Promise<unknown>,
  told: RegExp,
  mend: (database: TestDatabase) => Promise<unknown>
][] = [
  [
    'lacks migrations',
    async () => {},
    /The database lacks \d{14}_heart, .+ Run: postern migrate/,
    ({ url }) => migrate({ url })
  ],
  [
    'was given half a migration',
    ({ url }) => migrate({ url }).then(() => setLast(url, 'NULL')),
    /The migration \d{14}_\w+ failed and changed nothing/,
    ({ url }) => setLast(url, 'now()')
  ],
  [
    'holds keys of another SECRET_KEY',
    async ({ url }) => {
      await migrate({ url })
      await lookInto(url).query(
        `INSERT INTO "SigningKey" VALUES ('x', 'ES256', 'active', '{}', 'x', now(), now(), NULL)`
      )
    },
    /could not be opened under any key of SECRET_KEY/,
    ({ url }) => lookInto(url).query('DELETE FROM "SigningKey"')
  ]
]
for (const [name, spoil, told, mend] of unfit)
  test(`FLT-01 a database that comes back and ${name} is served once that is mended`, async t => {
    const database = await createTestDatabase({ empty: true })
    atEnd(t, () => database.drop())
    await spoil(database)
    await assert.rejects(
      startAppOn(t, database.url, settings),
      told,
      'there at once, it stops the start'
    )

    const wire = await startProxy(t, database.url)
    await wire.cut()
    const service = await startAppOn(t, wire.url, settings)
    await wire.mend()
    const lines = (text: RegExp) => service.logs.filter(line => text.test(line)).length
    await until('the trouble is told', () => lines(told) > 0)
    await pause(3500)
    assert.deepEqual([lines(/does not answer/), lines(told)], [1, 1], 'once, not at every try')
    assertUnavailable(await service.inject({ method: 'GET', url: '/health/ready' }))

    await mend(database)
    await until('the service is ready', () => isReady(service))
    await newMember(service)
    assert.equal(lines(/the database is ready/), 1)
  })

test('FLT-02 SES-22 without its database every answer is 503 and nobody loses a cookie', async t => {
  const { wire, ...wired } = await startOverWire(t)
  const { service } = wired
  const { client, person } = await newMemberOf(wired)
  const { client: phone } = await newMemberOf(wired, { transport: 'body' })
  const byCookie = newClient(service)
  byCookie.cookies.set(refreshCookie, client.refreshToken as string)

  for (const fail of [wire.cut, async () => wire.stall()]) {
    await fail()
    for (const answer of await Promise.all([
      refresh(client),
      refresh(phone),
      logout(client),
      logout(byCookie),
      logoutAll(client),
      readUser(client),
      signIn(newClient(service), person),
      signUp(newClient(service), newPerson()),
      changePassword(client, person, 'another purple hat'),
      service.inject({ method: 'GET', url: '/health/ready' })
    ])) {
      assertUnavailable(answer)
    }
    const live = await service.inject({ method: 'GET', url: '/health/live' })
    assert.equal(live.statusCode, 200)
    await wire.mend()
    await until('the service is ready again', () => isReady(service))
    for (const kept of [client, phone]) await refreshInTheEnd(kept)
  }
})

async function interrupt(
  t: TestContext,
  fail: (wire: Awaited<ReturnType<typeof startProxy>>) => Promise<void> | void
) {
  const { wire, ...wired } = await startOverWire(t)
  const { direct, service } = wired
  const members = await atOnce(8, () => newMemberOf(wired))
  const load = startLoad(
    service,
    members.map(({ client }) => client)
  )
  for (let outage = 1; outage <= 2; outage++) {
    await load.each('done', 2)
    await fail(wire)
    await load.each('refused', 1)
    await wire.mend()
    await load.each('done', 2)
  }
  await load.stop()
  await load.assertNothingLost(direct, direct)
}

test('FLT-02 a connection that breaks under load costs nobody a session, and heals by itself', t =>
  interrupt(t, wire => wire.cut()))

test('FLT-03 a database that stops answering is not waited for long, and leaves no connection stuck', t =>
  interrupt(t, wire => wire.stall()))

test('FLT-03 SES-22 thirty refreshes that wait for a stalled database over two connections all come back', async t => {
  const { wire, ...wired } = await startOverWire(t, { DATABASE_POOL_SIZE: '2' })
  const members = await atOnce(30, () => newMemberOf(wired))
  const clients: Client[] = members.map(({ client }) => client)
  wire.stall()
  for (const answer of await Promise.all(clients.map(client => refresh(client)))) {
    assertUnavailable(answer)
  }
  await wire.mend()
  await until('the service is ready again', () => isReady(wired.service))
  for (const client of clients) await refreshInTheEnd(client)
})
