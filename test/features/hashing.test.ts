import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import test from 'node:test'
import { startApp, startAppOn } from '../support/app.js'
import { assertProblem, patient } from '../support/expect.js'
import { newMember, newPerson } from '../support/people.js'
import { exchange, listen, requestText } from '../support/raw.js'

/** Slow enough that a few sign-ins at once are in each other's way. */
const slow = {
  ...patient,
  ARGON2_MEMORY_KIB: '49152',
  ARGON2_ITERATIONS: '4',
  HASH_CONCURRENCY: '1',
  HASH_QUEUE_LIMIT: '3'
}
const login = (payload: object, remoteAddress = '192.0.2.1') =>
  ({ method: 'POST', url: '/login/', payload, remoteAddress }) as const

test('HSH-04 with the queue full: 503 with Retry-After at once, nothing else breaks, health answers', async t => {
  const service = await startApp(t)
  const { person } = await newMember(service)
  const narrow = await startAppOn(t, service.databaseUrl, slow)
  const waiting = Array.from({ length: 40 }, () => narrow.inject(login(person)))
  // Sent after them and answered before the most of them: the loop is not theirs.
  const live = await narrow.inject({ method: 'GET', url: '/health/live' })
  assert.equal(live.statusCode, 200)
  const answers = await Promise.all(waiting)
  const statuses = answers.map(({ statusCode }) => statusCode)
  assert.deepEqual([...new Set(statuses)].sort(), [200, 503])
  assert.ok(statuses.filter(status => status === 200).length >= 4)
  for (const answer of answers.filter(({ statusCode }) => statusCode === 503)) {
    assertProblem(answer, 503, 'busy')
    assert.match(String(answer.headers['retry-after']), /^\d+$/)
    assert.equal(answer.headers['set-cookie'], undefined)
  }
  // Being turned away is no failure: none of it was counted.
  assert.equal((await narrow.inject(login(person))).statusCode, 200)
})

test('HSH-04 a sign-up that finds the queue full leaves nothing behind', async t => {
  const service = await startApp(t, slow)
  const forms = Array.from({ length: 12 }, () => {
    const { email, password } = newPerson()
    return { email, password1: password, password2: password }
  })
  const answers = await Promise.all(
    forms.map(payload => service.inject({ method: 'POST', url: '/registration/', payload }))
  )
  const made = answers.filter(({ statusCode }) => statusCode === 201).length
  assert.ok(made > 0 && made < 12, String(made))
  for (const answer of answers.filter(({ statusCode }) => statusCode !== 201))
    assertProblem(answer, 503, 'busy')
  assert.equal((await service.query('SELECT 1 FROM "User"')).length, made)
  assert.equal((await service.query('SELECT 1 FROM "Session"')).length, made)
})

test('HSH-09 a pepper of the settings rotates by signing in, and without it no password matches', async t => {
  const [old, fresh] = ['old', 'new'].map(age => `${age} dNq7vXr2TzL9wHs4KbYm6JcPf8GaVe3U`)
  const service = await startApp(t, { PASSWORD_PEPPERS: `${old}` })
  const { person } = await newMember(service)
  const keyId = async () => {
    const [row] = await service.query('SELECT "passwordHash" FROM "User"')
    return /keyid=([^,$]+)/.exec(row?.passwordHash)?.[1]
  }
  const before = await keyId()
  assert.ok(before)

  const rotated = await startAppOn(t, service.databaseUrl, { PASSWORD_PEPPERS: `${fresh},${old}` })
  assert.equal((await rotated.inject(login(person))).statusCode, 200)
  const after = await keyId()
  assert.ok(after && after !== before)
  assert.equal((await rotated.inject(login(person))).statusCode, 200)

  for (const settings of [{}, { PASSWORD_PEPPERS: `${old}` }]) {
    const without = await startAppOn(t, service.databaseUrl, settings)
    assertProblem(await without.inject(login(person)), 401, 'incorrect_credentials')
    assert.ok(without.logs.some(line => line.includes('password.corrupt_hash')))
  }
})

test('HSH-05 who is throttled takes no place in the queue', async t => {
  const service = await startApp(t, {
    ...slow,
    LOGIN_FAILURES_PER_PAIR: '1/15m',
    LOGIN_FAILURES_PER_ACCOUNT: '1/15m'
  })
  const { email } = newPerson()
  assert.equal((await service.inject(login({ email, password: 'wrong' }))).statusCode, 401)
  // One thread and three places: had any of these gone on to the hash, some would be 503.
  const answers = await Promise.all(
    Array.from({ length: 200 }, () => service.inject(login({ email, password: 'wrong' })))
  )
  for (const answer of answers) assertProblem(answer, 429, 'throttled')
})

test('PWD-11 a password that nobody can have takes no place either', async t => {
  const service = await startApp(t, slow)
  const { email } = newPerson()
  const answers = await Promise.all(
    Array.from({ length: 100 }, () => service.inject(login({ email, password: 'x'.repeat(300) })))
  )
  for (const answer of answers) assertProblem(answer, 401, 'incorrect_credentials')
})

test('HSH-06 who hangs up while waiting gives up the place', async t => {
  const service = await startApp(t, slow)
  const { person } = await newMember(service)
  const port = await listen(service)
  const request = requestText(
    'POST /login/',
    ['Content-Type: application/json'],
    JSON.stringify(person)
  )
  // More than fit: one is refused, and then every place is taken.
  const sockets = Array.from({ length: 8 }, () => net.connect(port, '127.0.0.1'))
  const refusal = Promise.any(
    sockets.map(async socket => assert.match(String((await once(socket, 'data'))[0]), / 503 /))
  )
  for (const socket of sockets) socket.on('error', () => {}).write(request)
  await refusal
  for (const socket of sockets) socket.destroy()
  const connections = () =>
    new Promise<number>(resolve =>
      service.app.server.getConnections((_error, count) => resolve(count))
    )
  while ((await connections()) > 0) await new Promise(resolve => setImmediate(resolve))
  // At most one hash is running for nobody; all places are free at once.
  const answers = await Promise.all(Array.from({ length: 3 }, () => exchange(port, request)))
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200]
  )
})
