import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import test from 'node:test'
import { buildApp } from '../../src/app.js'
import { loadConfig } from '../../src/base/config/load.js'
import { secretKey, startApp, startAppOn, type TestApp } from '../support/app.js'
import { atEnd } from '../support/at-end.js'
import { postern } from '../support/cli.js'
import { createTestDatabase } from '../support/database.js'
import { patient } from '../support/expect.js'
import {
  changePassword,
  endSession,
  logout,
  logoutAll,
  newClient,
  newMember,
  newPerson,
  present,
  presentAccess,
  refresh,
  setCookies,
  signedIn,
  signIn,
  signUp
} from '../support/people.js'
import { startProxy } from '../support/proxy.js'
import { startProcess } from '../support/service-process.js'
import { atOnce, until } from '../support/until.js'
import { startWorkerProcess } from '../support/worker-process.js'

/** Something that nobody but its owner may see, and where the run got it from. */
type Secret = { readonly name: string; readonly value: string }

/** Uses the service in every way it has, and keeps what must not be found anywhere afterwards. */
async function useEverything(service: TestApp): Promise<Secret[]> {
  const secrets: Secret[] = [{ name: 'SECRET_KEY', value: secretKey }]
  const keep = (name: string, value: unknown) => {
    if (typeof value === 'string' && value.length > 5) secrets.push({ name, value })
  }
  for (const transport of ['cookie', 'body'] as const) {
    const person = { ...newPerson(), password: `Purpur-${transport}-Hut-4711!` }
    const next = `Gelbe-${transport}-Schuhe-0815!`
    const client = newClient(service, { transport })
    const keepTokens = () => {
      keep('access token', client.access)
      keep('refresh token', client.refreshToken)
      for (const [name, value] of client.cookies) keep(`cookie ${name}`, value)
    }
    keep('password', person.password)
    keep('new password', next)
    const steps = [
      () => signUp(client, person),
      () => signUp(client, person),
      () => signIn(client, person),
      () => signIn(newClient(service), { ...person, password: 'Falsches-Passwort-99' }),
      () => client.send('POST', '/login/', { ...person, unknown: person.password }),
      () => client.send('POST', '/login/', { email: person.password, password: person.email }),
      () => refresh(client),
      () => client.send('GET', `/user/?password=${person.password}`),
      () => client.send('PATCH', '/user/', { first_name: 'Ada', password: person.password }),
      () => client.send('PATCH', '/user/', { first_name: 'Ada', password: 'Falsches-Passwort-99' }),
      () => client.send('GET', `/nowhere/${person.password}/${client.refreshToken}`),
      () => client.send('GET', `/sessions/%zz${person.password}`),
      () => client.send('GET', '/user/', undefined, { authorization: `Basic ${person.password}` }),
      () => client.send('GET', '/user/', undefined, { 'x-request-id': `${person.password} x` }),
      () => client.send('GET', '/sessions/'),
      () => changePassword(client, { ...person, password: 'Falsches-Passwort-99' }, next),
      () => changePassword(client, person, next),
      () => present(service, `${client.refreshToken}x`),
      () => present(service, `${client.refreshToken}`, transport === 'cookie' ? 'body' : 'cookie'),
      async () => endSession(client, (await signedIn(service, person)).sessionId),
      () => logout(client),
      () => signIn(client, person),
      () => logoutAll(client)
    ]
    keep('wrong password', 'Falsches-Passwort-99')
    for (const step of steps) {
      keepTokens()
      const answer = await step()
      for (const [name, value] of setCookies(answer)) keep(`cookie ${name}`, value)
      keepTokens()
    }
    // Theft, so that the loudest of the events is there too.
    await signIn(client, person)
    const old = client.refreshToken ?? ''
    keep('stolen refresh token', old)
    for (let use = 0; use < 2; use++) {
      await refresh(client)
      await service.advance(11)
    }
    keepTokens()
    await present(service, old, transport)
    await presentAccess(service, client.access ?? '')
  }
  return secrets
}

/** The spellings in which a value could have been written down. */
function spellings({ value }: Secret): string[] {
  const bytes = Buffer.from(value)
  const json = JSON.stringify(value).slice(1, -1)
  const signature = value.startsWith('ey') ? [value.slice(value.lastIndexOf('.') + 1)] : []
  const base64 = bytes.toString('base64').replace(/=+$/, '')
  // Within a longer text only the groups of three in the middle look the same.
  return [
    value,
    json,
    encodeURIComponent(value),
    bytes.toString('hex'),
    base64.slice(0, -2),
    bytes.toString('base64url').slice(0, -2),
    ...signature
  ]
}

function assertNowhere(secrets: readonly Secret[], places: ReadonlyMap<string, string>): void {
  for (const secret of secrets) {
    for (const spelling of new Set(spellings(secret))) {
      for (const [place, text] of places) {
        assert.ok(
          !text.includes(spelling),
          `the ${secret.name} is in ${place}: ${spelling.slice(0, 12)}…`
        )
      }
    }
  }
}

test('LOG-02 LNK-13 DAT-01 no secret of a run is in the log, at any level, or in the database', async t => {
  const service = await startApp(t, { ...patient, LOG_LEVEL: 'trace' })
  const secrets = await useEverything(service)
  assert.ok(secrets.length > 60, String(secrets.length))

  // A defect too: what the driver says of a failed statement quotes its values.
  await service.query('ALTER TABLE "Session" DROP COLUMN "userAgent"')
  const person = { ...newPerson(), password: 'Grüne-Handschuhe-2024!' }
  secrets.push({ name: 'password of a failed sign-up', value: person.password })
  const failed = await signUp(newClient(service), person)
  assert.equal(failed.statusCode, 500)

  await t.test('the log', () => {
    assert.ok(service.logs.length > 50)
    assertNowhere(secrets, new Map(service.logs.map((line, n) => [`line ${n} of the log`, line])))
    assert.ok(service.logs.some(line => line.includes('session.refresh_reused')))
    for (const line of service.logs)
      assert.doesNotMatch(line, /\$argon2id|PRIVATE KEY|"authorization"|"cookie"/)
  })

  await t.test('the search finds what is there, so that finding nothing means something', () => {
    const [, { value } = { value: '' }] = secrets
    for (const spelling of spellings({ name: 'x', value })) {
      assert.throws(() => assertNowhere(secrets, new Map([['a text', `…${spelling}…`]])))
    }
  })

  await t.test('every table', async () => {
    const tables = await service.query<{ name: string }>(
      `SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'`
    )
    assert.ok(tables.length >= 5)
    const dump = new Map<string, string>()
    for (const { name } of tables) {
      const rows = await service.query<{ text: string }>(`SELECT r::text AS text FROM ${name} r`)
      dump.set(`table ${name}`, rows.map(({ text }) => text).join('\n'))
    }
    assert.match(dump.get('table "User"') ?? '', /example\.com/)
    assertNowhere(secrets, dump)
    // What is in there of a session is the id of a token, which opens nothing without the key.
    const whole = [...dump.values()].join('\n')
    assert.doesNotMatch(whole, /eyJ[A-Za-z0-9_-]{10,}\./)
    assert.doesNotMatch(whole, /BEGIN [A-Z ]*PRIVATE KEY/)
  })
})

test('LOG-03 what a client sends cannot write a line of the log', async t => {
  const service = await startApp(t, patient)
  const forged = '{"level":60,"msg":"forged"}'
  const evil = `x\r\n${forged}\n\u001b[2J\u001b[31m\u0085\u2028`
  const agent = `x ${forged}`
  await service.inject({
    method: 'POST',
    url: '/login/',
    payload: { email: `${evil}@example.com`, password: evil },
    headers: { 'user-agent': agent, 'x-request-id': forged }
  })
  await service.inject({ method: 'POST', url: '/login/', payload: { [evil]: evil } })
  await service.inject({
    method: 'GET',
    url: `/${encodeURIComponent(evil)}?x=${encodeURIComponent(evil)}`
  })
  await service.inject({
    method: 'GET',
    url: '/user/',
    headers: { authorization: `Bearer ${forged}` }
  })
  for (const chunk of service.logs) {
    assert.equal(chunk.indexOf('\n'), chunk.length - 1, 'one line a write')
    const { level, msg } = JSON.parse(chunk)
    assert.ok(level < 60 && msg !== 'forged', chunk)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    assert.doesNotMatch(chunk.trimEnd(), /[\u0000-\u001f\u007f\u0085\u2028]/)
  }
})

test('every request leaves one line that names its route, not its address', async t => {
  const service = await startApp(t)
  const before = service.logs.length
  await service.inject({
    method: 'DELETE',
    url: '/sessions/019330a1-7b1c-7e3a-9c1f-2f6f1d9b1a11/?token=abcdef'
  })
  const lines = service.logs
    .slice(before)
    .map(line => JSON.parse(line))
    .filter(({ msg }) => msg === 'request')
  assert.equal(lines.length, 1)
  const { method, route, status, ms, reqId } = lines[0]
  assert.deepEqual(
    { method, route, status },
    { method: 'DELETE', route: '/sessions/:id/', status: 401 }
  )
  assert.equal(typeof ms, 'number')
  assert.equal(typeof reqId, 'string')
})

test('LOG-06 the output of the service is lines of JSON and nothing else', async t => {
  const database = await createTestDatabase()
  atEnd(t, () => database.drop())
  const service = await startProcess(t, { DATABASE_URL: database.url })
  await service.inject({ method: 'GET', url: '/health/ready' })
  assert.equal(await service.end('SIGTERM'), 0)
  const lines = service.output().trim().split('\n')
  for (const line of lines) assert.equal(typeof JSON.parse(line).level, 'number', line)
})

test('LOG-06 a worker too, and a start that fails writes nothing there', async t => {
  const database = await createTestDatabase()
  atEnd(t, () => database.drop())
  const settings = { DATABASE_URL: database.url, SECRET_KEY: secretKey, EMAIL_HOST: '127.0.0.1' }
  const worker = startWorkerProcess(t, settings)
  await until('the worker runs', () => worker.output().includes('sends mails through'))
  assert.deepEqual(await worker.end('SIGTERM'), [0, null])
  for (const line of worker.output().trim().split('\n'))
    assert.equal(typeof JSON.parse(line).level, 'number', line)

  const { code, out, err } = await postern(['start'], { ...settings, PORT: 'http' })
  assert.equal(code, 1)
  assert.equal(out, '')
  assert.match(err, /^PORT must be a whole number/)
})

test('LOG-07 a database that goes away is told once for each cause, however many requests fail', async t => {
  const direct = await startApp(t)
  const wire = await startProxy(t, direct.databaseUrl)
  const service = await startAppOn(t, wire.url)
  const { client } = await newMember(service)
  // So that the pool has connections to lose.
  await atOnce(10, () => client.send('GET', '/user/'))
  const before = service.logs.length
  await wire.cut()
  for (let n = 0; n < 3; n++) {
    const answers = await atOnce(10, () => client.send('GET', '/user/'))
    for (const { statusCode } of answers) assert.equal(statusCode, 503)
  }
  const lines = service.logs.slice(before).map(line => JSON.parse(line))
  const [requests, others] = [
    lines.filter(({ msg }) => msg === 'request'),
    lines.filter(({ msg, level }) => msg !== 'request' && level >= 40)
  ]
  assert.equal(requests.length, 30)
  for (const { level, err } of requests) assert.deepEqual([level, err], [50, undefined])
  assert.ok(others.length > 0)
  const causes = others.map(({ msg, err }) => `${msg} ${err?.message.replace(/:\d+/, '')}`)
  assert.deepEqual(causes.sort(), [...new Set(causes)].sort())
})

test('LOG-07 an answer 5xx is an error, and its cause is told once', async t => {
  const logs: string[] = []
  const logStream = new Writable({
    write(chunk, _encoding, done) {
      logs.push(String(chunk))
      done()
    }
  })
  // Nobody listens on port 1, so the database is away.
  const config = loadConfig({
    DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none',
    SECRET_KEY: secretKey,
    PUBLIC_URL: 'http://localhost:3000'
  })
  const app = await buildApp(config, { logStream })
  atEnd(t, () => app.close())
  for (let n = 0; n < 3; n++) assert.equal((await app.inject({ url: '/user/' })).statusCode, 503)
  assert.equal((await app.inject({ url: '/health/live' })).statusCode, 200)
  const lines = logs.map(line => JSON.parse(line))
  const requests = lines.filter(({ msg }) => msg === 'request')
  assert.deepEqual(
    requests.map(({ level, status }) => [level, status]),
    [
      [50, 503],
      [50, 503],
      [50, 503],
      [30, 200]
    ]
  )
  assert.equal(lines.filter(({ msg }) => /^requests are refused/.test(msg)).length, 1)
})
