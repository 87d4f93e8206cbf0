import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readFile } from 'node:fs/promises'
import http from 'node:http'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import pg from 'pg'
import { atEnd, removeDataDirectory } from '../support/at-end.js'
import { createTestDatabase } from '../support/database.js'
import { assertProblem, patient } from '../support/expect.js'
import {
  type Answer,
  type Client,
  changePassword,
  claimsOf,
  logout,
  newClient,
  newMember,
  newPerson,
  type Person,
  readUser,
  refresh,
  type Service,
  signedIn,
  signIn,
  signUp
} from '../support/people.js'
import { NoAnswer, type ServiceProcess, startProcess } from '../support/service-process.js'
import { atOnce, until } from '../support/until.js'

type Settings = Record<string, string>

/** The database of a test, as settings of the processes that use it one after the other. */
const databases: Record<string, (t: TestContext) => Promise<Settings>> = {
  'a database server': async t => {
    const database = await createTestDatabase()
    atEnd(t, () => database.drop())
    return { DATABASE_URL: database.url }
  },
  'the embedded database': async t => {
    const home = await mkdtemp(join(tmpdir(), 'postern-killed-'))
    await chmod(home, 0o711) // for the user that runs PostgreSQL when we are root
    atEnd(t, () => removeDataDirectory(home))
    return { DATA_DIR: join(home, 'data') }
  }
}

/** A service that is another process after each restart, and the same to its clients. */
async function startRestartable(t: TestContext, settings: Settings) {
  let current: ServiceProcess = await startProcess(t, settings)
  return {
    inject: request => current.inject(request),
    end: (signal: NodeJS.Signals) => current.end(signal),
    output: () => current.output(),
    origin: () => current.origin,
    async restart() {
      current = await startProcess(t, settings)
    }
  } satisfies Service & Record<string, unknown>
}

/** Does something again and again until the service is gone; how often is counted. */
function keepDoing(once: () => Promise<unknown>, counter: { done: number }) {
  const run = async () => {
    for (;;) {
      await once()
      counter.done++
    }
  }
  return run().catch(error => {
    if (!(error instanceof NoAnswer)) throw error
  })
}

/** What people did while the service was up, as far as they were told how it ended. */
async function openWorld(service: Service) {
  const refreshers = (await atOnce(4, () => newMember(service))).map(({ client }) => client)
  const { person: changer, client: changing } = await newMember(service)
  const { person: visitor } = await newMember(service)
  const joined: { person: Person; welcomed: boolean }[] = []
  const left: Client[] = []
  const passwords = [changer.password]
  let serial = 0

  const expect = (answer: Answer, status: number) =>
    assert.equal(answer.statusCode, status, answer.body)

  async function join() {
    const entry = { person: newPerson(), welcomed: false }
    joined.push(entry)
    expect(await signUp(newClient(service), entry.person), 201)
    entry.welcomed = true
  }
  async function change() {
    const next = `${++serial} gigantic purple hats`
    passwords.push(next)
    expect(await changePassword(changing, changer, next), 200)
  }
  async function visit() {
    const client = await signedIn(service, visitor)
    expect(await logout(client), 200)
    left.push(client)
  }

  return {
    refreshers,
    /** Everybody at once, until the service is gone. */
    live(counter: { done: number }) {
      const refreshing = refreshers.map(client =>
        keepDoing(async () => expect(await refresh(client), 200), counter)
      )
      const others = [join, change, visit].map(task => keepDoing(task, { done: 0 }))
      return Promise.all([...refreshing, ...others])
    },
    /** After a restart: what was acknowledged holds, and what was not is whole or absent. */
    async check() {
      for (const client of refreshers) expect(await refresh(client), 200)
      for (const { person, welcomed } of joined.splice(0)) {
        const { statusCode } = await signIn(newClient(service), person)
        assert.ok(statusCode === 200 || (!welcomed && statusCode === 401), `sign-in: ${statusCode}`)
      }
      for (const client of left.splice(0))
        assertProblem(await readUser(client), 401, 'token_not_valid')

      const last = changer.password
      const working: string[] = []
      for (const password of new Set([last, ...passwords.slice(-2)])) {
        const { statusCode } = await signIn(newClient(service), { ...changer, password })
        if (statusCode === 200) working.push(password)
      }
      assert.equal(working.length, 1, 'one password works')
      assert.ok(working[0] === last || working[0] === passwords.at(-1))
      changer.password = working[0] as string
      expect(await signIn(changing, changer), 200)
    }
  }
}

const rounds = 5
const refreshesEach = 40

for (const [title, open] of Object.entries(databases)) {
  test(`SES-06 FLT-08 killed ${rounds} times among ${rounds * refreshesEach} refreshes on ${title}, it loses nothing that it acknowledged`, async t => {
    const settings = await open(t)
    const service = await startRestartable(t, {
      ...settings,
      ...patient,
      // Most answers that a kill loses are repeated after the grace.
      REFRESH_REUSE_GRACE_SECONDS: '1',
      MAX_SESSIONS_PER_USER: '1000'
    })
    const world = await openWorld(service)
    for (let round = 0; round < rounds; round++) {
      const counter = { done: 0 }
      const living = world.live(counter)
      const moment = refreshesEach - randomInt(20)
      await until('enough refreshes', () => counter.done >= moment)
      await service.end('SIGKILL')
      await living
      await service.restart()
      await world.check()
    }
    const sessions = new Set(world.refreshers.map(({ sessionId }) => sessionId))
    assert.equal(sessions.size, 4, 'every refresher is still in a session of its own')
    if (settings.DATABASE_URL !== undefined) await assertWhole(settings.DATABASE_URL)
  })
}

/** No account without its first session or a password, whatever instruction the kill came at. */
async function assertWhole(databaseUrl: string) {
  const client = new pg.Client(databaseUrl)
  await client.connect()
  const { rows } = await client.query(`SELECT 1 FROM "User" u WHERE "passwordHash" IS NULL
    OR NOT EXISTS (SELECT FROM "Session" s WHERE s."userId" = u."id")`)
  await client.end()
  assert.deepEqual(rows, [])
}

/** A client that opens a connection, begins a request perhaps, and says no more. */
function connect(origin: string, text: string): net.Socket {
  const { hostname, port } = new URL(origin)
  const socket = net.connect({ host: hostname, port: Number(port) }).on('error', () => {})
  socket.write(text)
  return socket
}

test('FLT-09 SIGTERM under load answers what it has begun, loses no refresh and exits with 0', async t => {
  const open = databases['a database server'] as (t: TestContext) => Promise<Settings>
  // Strict: had a rotation been committed without an answer, its client could not go on.
  const strict = { ...patient, REFRESH_REUSE_GRACE_SECONDS: '0' }
  const service = await startRestartable(t, { ...(await open(t)), ...strict })
  const members = await atOnce(8, () => newMember(service))
  for (let round = 0; round < 3; round++) {
    const counter = { done: 0 }
    const living = members.map(({ client }) =>
      keepDoing(async () => {
        const answer = await refresh(client)
        assert.equal(answer.statusCode, 200, answer.body)
      }, counter)
    )
    const signingIn = members
      .slice(0, 2)
      .map(({ person }) => keepDoing(() => signedIn(service, person), { done: 0 }))
    // Neither a client that says nothing nor one that never finishes keeps the process.
    const stuck = ['', 'POST /login/ HT'].map(text => connect(service.origin(), text))
    await until('enough refreshes', () => counter.done >= 20)
    assert.equal(await service.end('SIGTERM'), 0, service.output())
    await Promise.all([...living, ...signingIn])
    for (const socket of stuck) socket.destroy()
    await service.restart()
    for (const { client } of members) {
      const answer = await refresh(client)
      assert.equal(answer.statusCode, 200, answer.body)
    }
  }
  const sessions = new Set(members.map(({ client }) => claimsOf(client.access as string).session))
  assert.equal(sessions.size, members.length)
})

test('FLT-26 SIGTERM is told, and DRAIN_DELAY lets a load balancer notice before requests are refused', async t => {
  const open = databases['a database server'] as (t: TestContext) => Promise<Settings>
  const service = await startProcess(t, {
    ...(await open(t)),
    ...patient,
    DRAIN_DELAY: '3s',
    LOG_LEVEL: 'info'
  })
  const { client } = await newMember(service)
  const ready = async () =>
    (await service.inject({ method: 'GET', url: '/health/ready' })).statusCode
  assert.equal(await ready(), 200)
  const ended = service.end('SIGTERM')
  await until('it is not ready any more', async () => (await ready()) === 503)
  assert.equal((await refresh(client)).statusCode, 200, 'requests are still answered')
  assert.equal(await ended, 0, service.output())
  assert.match(service.output(), /"signal":"SIGTERM".*"msg":"stopping"/)
})

/** The processes that a process has started, by their ids. */
async function childrenOf(pid: number | undefined): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  return text.split(' ').filter(Boolean).map(Number)
}

/** Asks over a connection of its own. */
async function live(origin: string): Promise<void> {
  const request = http.get(`${origin}/health/live`, { agent: false, timeout: 20_000 })
  request.on('timeout', () => request.destroy(new Error('no answer')))
  const [answer] = await once(request, 'response')
  assert.equal(answer.resume().statusCode, 200)
}

const isAlive = (pid: number) => existsSync(`/proc/${pid}`)

test('FLT-34 with WORKERS a process that is killed is replaced, and all end with the first', {
  skip: existsSync('/proc/self/task')
    ? false
    : 'only Linux tells which processes another has started'
}, async t => {
  const open = databases['a database server'] as (t: TestContext) => Promise<Settings>
  const settings = {
    ...(await open(t)),
    ...patient,
    WORKERS: '2',
    METRICS_PORT: '0',
    EMAIL_DISABLED: 'true'
  }
  const service = await startProcess(t, settings)
  const members = await atOnce(4, () => newMember(service))
  const workers = await childrenOf(service.child.pid)
  assert.equal(workers.length, 2)

  // A process that stands still takes no connection, so none is lost when it is killed.
  process.kill(workers[0] as number, 'SIGSTOP')
  await atOnce(20, () => live(service.origin))
  process.kill(workers[0] as number, 'SIGKILL')
  const goOn = async () => {
    for (const { client } of members) {
      const answer = await refresh(client).catch(error => {
        if (error instanceof NoAnswer) return refresh(client)
        throw error
      })
      assert.equal(answer.statusCode, 200, answer.body)
    }
  }
  await goOn()
  await until('another worker has come', async () => {
    const now = await childrenOf(service.child.pid)
    return now.length === 2 && !now.includes(workers[0] as number)
  })
  await goOn()
  assert.match(service.output(), /"msg":"a worker has ended"/)

  // Under load, by the signal that a terminal sends to all.
  const last = await childrenOf(service.child.pid)
  const counter = { done: 0 }
  const living = members.map(({ client }) =>
    keepDoing(async () => {
      const answer = await refresh(client)
      assert.equal(answer.statusCode, 200, answer.body)
    }, counter)
  )
  await until('some refreshes', () => counter.done >= 20)
  for (const pid of last) process.kill(pid, 'SIGINT')
  assert.equal(await service.end('SIGINT'), 0, service.output())
  await Promise.all(living)
  assert.deepEqual(last.filter(isAlive), [])

  // Asked while another worker starts: it hears of it, and the end is an orderly one.
  const early = await startProcess(t, settings)
  process.kill((await childrenOf(early.child.pid))[0] as number, 'SIGKILL')
  await until('the new one has begun', async () => {
    const now = await childrenOf(early.child.pid)
    return /a worker has ended/.test(early.output()) && now.length === 2
  })
  assert.equal(await early.end('SIGTERM'), 0, early.output())

  // Nothing stays behind one that is killed.
  const next = await startProcess(t, settings)
  const orphans = await childrenOf(next.child.pid)
  await next.end('SIGKILL')
  await until('its workers end too', () => !orphans.some(isAlive))
})
