import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import {
  createClient,
  type Locks,
  type PosternClient,
  PosternError
} from '../../src/kit/client/client.js'
import { atEnd } from '../support/at-end.js'
import { appCode } from '../support/factor.js'
import { newDevice, startListening } from '../support/kit.js'
import { newPerson } from '../support/people.js'
import { until } from '../support/until.js'

const newPassword = 'another gigantic hat'
const halfHour = 1800

/** Somebody who is signed in on a device. */
async function signedUp(t: TestContext, settings: Record<string, string> = {}) {
  const service = await startListening(t, settings)
  const device = newDevice(service.url)
  const client = device.open()
  const person = newPerson()
  assert.deepEqual(await client.signUp(person), { status: 'signed-in' })
  const { requests } = device.network
  const refreshes = () => requests.filter(request => request === 'POST /refresh/').length
  return { service, ...device, client, person, refreshes }
}

/** For `assert.rejects`: an error of the client with these parts. */
const problem = (parts: Partial<PosternError>) => (error: unknown) => {
  assert.ok(error instanceof PosternError, String(error))
  for (const [name, value] of Object.entries(parts))
    assert.deepEqual(error[name as keyof PosternError], value, name)
  return true
}

/** Every state that the client tells of. */
function statesOf(client: PosternClient): string[] {
  const states: string[] = []
  client.subscribe(state => states.push(state))
  return states
}

/** Lets time pass on the client's clock alone. */
function pass(t: TestContext, seconds: number) {
  const real = performance.now.bind(performance)
  t.mock.method(performance, 'now', () => real() + seconds * 1000)
}

/** Shortens the pauses between attempts, which are for a network that comes back. */
function hurry(t: TestContext) {
  const real = globalThis.setTimeout
  const sooner = (work: () => void, ms = 0) => real(work, ms < 4000 ? ms / 50 : ms)
  t.mock.method(globalThis, 'setTimeout', sooner as typeof setTimeout)
}

/** A server of somebody else. It remembers what it was sent, and answers in turn. */
async function startResourceServer(t: TestContext, statuses: readonly number[]) {
  const seen: { readonly bearer: string; readonly body: string }[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks).toString()
    seen.push({ bearer: request.headers.authorization ?? '', body })
    response.writeHead(statuses[seen.length - 1] ?? statuses.at(-1) ?? 200).end('{}')
  })
  return { url: `${await listening(t, server)}/orders`, seen }
}

async function listening(t: TestContext, server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  atEnd(t, () => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('the client leads through an account, from sign-up to signing out everywhere', async t => {
  const { client, person, open, storage } = await signedUp(t)
  const states = statesOf(client)
  const changed = await client.updateUser({ firstName: 'Ada', lastName: 'Lovelace' })
  assert.equal(changed.firstName, 'Ada')
  assert.equal(changed.email, person.email)
  assert.equal(changed.emailVerified, true)
  assert.equal(changed.roleName, 'user')
  assert.equal(changed.mfaEnabled, false)
  assert.match(changed.createdAt, /^20/)
  assert.match(changed.id, /^[0-9a-f-]{36}$/)
  assert.deepEqual(await client.user(), changed)

  await client.reauthenticate({ password: person.password })
  const change = { oldPassword: person.password, newPassword }
  assert.deepEqual(await client.changePassword(change), { status: 'signed-in' })
  assert.ok(await open().accessToken(), 'the store has the session of the new password')

  const [device, ...others] = await client.sessions()
  assert.equal(others.length, 0)
  assert.equal(device?.current, true)
  assert.equal(device?.transport, 'body')
  await client.revokeSession({ id: device?.id ?? '' })
  assert.equal(client.state, 'signed-out')
  assert.equal(await client.accessToken(), null)

  await client.signIn({ email: person.email, password: newPassword })
  await client.signOutEverywhere()
  assert.equal(storage.kept.size, 0)
  assert.deepEqual(states, ['signed-in', 'signed-out', 'signed-in', 'signed-out'])
})

test('failures name the arguments of the client and what the service says', async t => {
  const { client, person } = await signedUp(t)
  await assert.rejects(
    client.signIn({ email: person.email, password: 'not it' }),
    problem({
      status: 401,
      code: 'incorrect_credentials',
      detail: 'The email address or the password is not right.'
    })
  )
  assert.equal(client.state, 'signed-in', 'a failed sign-in leaves the session as it was')
  await assert.rejects(client.signUp({ ...newPerson(), password: 'x' }), (error: unknown) => {
    assert.ok(error instanceof PosternError)
    assert.deepEqual(Object.keys(error.errors), ['password'])
    return true
  })
  const change = { oldPassword: 'not it', newPassword }
  await assert.rejects(client.changePassword(change), (error: unknown) => {
    assert.ok(error instanceof PosternError)
    assert.deepEqual(Object.keys(error.errors), ['oldPassword'])
    return true
  })
})

test('the client asks for the second factor, and sets one up where it is demanded', async t => {
  const service = await startListening(t, { JWT_ALLAUTH_MFA_TOTP_MODE: 'required' })
  const { open } = newDevice(service.url)
  const client = open()
  const person = newPerson()
  const signUp = await client.signUp(person)
  assert.ok(signUp.status === 'mfa-setup-required')
  const { setupChallengeId } = signUp
  const { secret, provisioningUri, qrCode } = await client.setUpMfa({ setupChallengeId })
  assert.match(provisioningUri, /^otpauth:/)
  assert.match(qrCode, /^<svg/)
  const code = appCode(secret, service.clock())
  const activated = await client.activateMfa({ code, setupChallengeId })
  assert.equal(activated.status, 'signed-in')
  assert.equal(activated.recoveryCodes.length, 10)
  await client.signOut()

  await service.advance(30)
  const challenge = await client.signIn(person)
  assert.ok(challenge.status === 'mfa-required')
  const { challengeId } = challenge
  const answer = { challengeId, code: appCode(secret, service.clock()) }
  assert.deepEqual(await client.verifyMfa(answer), { status: 'signed-in' })

  const second = await open().signIn(person)
  assert.ok(second.status === 'mfa-required')
  const [recoveryCode = ''] = activated.recoveryCodes
  const recovery = { challengeId: second.challengeId, recoveryCode }
  assert.deepEqual(await client.verifyRecovery(recovery), { status: 'signed-in' })
})

test('somebody who is signed in turns the second factor on and stays signed in', async t => {
  const { client, service } = await signedUp(t, { JWT_ALLAUTH_MFA_TOTP_MODE: 'optional' })
  const { secret } = await client.setUpMfa()
  const activated = await client.activateMfa({ code: appCode(secret, service.clock()) })
  assert.equal(activated.status, 'signed-in')
  assert.equal(activated.recoveryCodes.length, 10)
  assert.equal(client.state, 'signed-in')
})

test('a sign-up that has to be confirmed says so, and a reset is asked for', async t => {
  const service = await startListening(t, { EMAIL_VERIFICATION: 'mandatory' })
  const client = newDevice(service.url).open()
  const person = newPerson()
  assert.deepEqual(await client.signUp(person), { status: 'verification-sent' })
  assert.equal(await client.accessToken(), null)
  await assert.rejects(client.signIn(person), problem({ status: 401, code: 'email_not_verified' }))
  await client.requestPasswordReset({ email: person.email })
  const mails = await service.query('SELECT 1 FROM "Mail"')
  assert.equal(mails.length, 2)
})

test('KIT-01 twenty requests at once on an expired token refresh once', async t => {
  const { client, service, refreshes } = await signedUp(t)
  await service.advance(halfHour + 1)
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => client.fetch(`${service.url}/user/`))
  )
  assert.deepEqual(
    answers.map(({ status }) => status),
    Array(20).fill(200)
  )
  assert.equal(refreshes(), 1)
})

test('KIT-01 a token that has less than half a minute left is renewed before it is used', async t => {
  const { client, refreshes } = await signedUp(t, { JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME: '1800' })
  const first = await client.accessToken()
  assert.equal(await client.accessToken(), first)
  pass(t, halfHour - 40)
  assert.equal(await client.accessToken(), first)
  pass(t, 11)
  const tokens = await Promise.all([client.accessToken(), client.accessToken()])
  assert.notEqual(tokens[0], first)
  assert.equal(tokens[0], tokens[1])
  assert.equal(refreshes(), 1)
})

test('KIT-02 a text is sent again after a 401, a stream or the body of a Request is not', async t => {
  const { client, service, refreshes } = await signedUp(t)
  const orders = await startResourceServer(t, [401, 200, 401, 401, 200])
  const post = (body: string | ReadableStream) =>
    client.fetch(orders.url, { method: 'POST', body, duplex: 'half' } as RequestInit)

  pass(t, 10)
  assert.equal((await post('{"tea":1}')).status, 200)
  assert.deepEqual(
    orders.seen.map(({ body }) => body),
    ['{"tea":1}', '{"tea":1}']
  )
  assert.notEqual(orders.seen[0]?.bearer, orders.seen[1]?.bearer)

  pass(t, 10)
  assert.equal((await post(new Blob(['{"tea":2}']).stream())).status, 401)
  pass(t, 10)
  const request = new Request(orders.url, { method: 'POST', body: '{"tea":3}' })
  assert.equal((await client.fetch(request)).status, 401)
  assert.equal(orders.seen.length, 4)
  assert.equal(refreshes(), 3, 'the next request has a new token')
  assert.equal((await client.fetch(`${service.url}/user/`)).status, 200)
})

test('KIT-03 a server that refuses every token signs nobody out, and causes no storm', async t => {
  const { client, refreshes } = await signedUp(t)
  const orders = await startResourceServer(t, [401])
  for (let request = 0; request < 5; request++)
    assert.equal((await client.fetch(orders.url)).status, 401)
  assert.equal(client.state, 'signed-in')
  assert.equal(refreshes(), 0)
})

test('a header that the caller chose stays', async t => {
  const { client } = await signedUp(t)
  const orders = await startResourceServer(t, [200])
  await client.fetch(orders.url, { headers: { authorization: 'Basic eDp5' } })
  assert.equal(orders.seen[0]?.bearer, 'Basic eDp5')
})

test('KIT-03 only the service says that a session is over', async t => {
  const { open, network, service, person } = await signedUp(t)
  hurry(t)
  const page = () => new Response('<h1>Please pay</h1>', { status: 401 })
  const client = open()
  const states = statesOf(client)
  network.faults.push(page(), page(), page(), page())
  await assert.rejects(client.accessToken(), problem({ status: 401, code: 'unexpected_answer' }))
  assert.equal(client.state, 'unknown')
  assert.ok(await client.accessToken())

  const other = newDevice(service.url).open()
  await other.signIn(person)
  await other.signOutEverywhere()
  assert.equal((await client.fetch(`${service.url}/user/`)).status, 401)
  assert.deepEqual(states, ['unknown', 'signed-in', 'signed-out'])
})

test('KIT-04 lost answers and busy moments are repeated with the same token', async t => {
  const { open, network, refreshes } = await signedUp(t)
  hurry(t)
  const busy = Response.json(
    { detail: 'Busy.', code: 'busy' },
    { status: 503, headers: { 'retry-after': '1' } }
  )
  network.faults.push('lost', busy, 'lost')
  assert.ok(await open().accessToken())
  assert.equal(refreshes(), 4)
})

test('a wait that is too long for a person is the caller’s', async t => {
  const { open, network, refreshes } = await signedUp(t)
  const headers = { 'retry-after': '60' }
  const body = { detail: 'Too many requests.', code: 'throttled' }
  network.faults.push(Response.json(body, { status: 429, headers }))
  const client = open()
  await assert.rejects(
    client.accessToken(),
    problem({ status: 429, code: 'throttled', retryAfter: 60 })
  )
  assert.equal(refreshes(), 1)
  assert.ok(await client.accessToken())
})

test('KIT-04 a device that is killed between keeping a token and using it goes on', async t => {
  const { open, storage, service } = await signedUp(t)
  for (let start = 0; start < 3; start++) {
    assert.ok(await open().accessToken())
    await service.advance(60)
  }
  // Killed before the token was kept: the store still has the one that was used.
  const kept = [...storage.kept]
  assert.ok(await open().accessToken())
  await service.advance(60)
  for (const [key, token] of kept) storage.kept.set(key, token)
  assert.ok(await open().accessToken())
})

test('KIT-04 a store that fails keeps the session, and the token is not used', async t => {
  const { open, storage, service } = await signedUp(t)
  const client = open()
  const full = t.mock.method(storage, 'setItem', async () => {
    throw new Error('no room')
  })
  await assert.rejects(client.accessToken(), /no room/)
  assert.equal(client.state, 'unknown')
  full.mock.restore()
  await service.advance(60)
  assert.ok(await client.accessToken())
})

test('KIT-04 a device that is offline for a day is still signed in', async t => {
  const { client, network, service } = await signedUp(t)
  hurry(t)
  network.isDown = true
  await service.advance(86_400)
  pass(t, 86_400)
  await assert.rejects(client.accessToken(), problem({ status: 0, code: 'network_error' }))
  assert.equal(client.state, 'signed-in')
  network.isDown = false
  assert.ok(await client.accessToken())
  assert.equal((await client.user()).firstName, '')
})

for (const minutes of [-10, 10])
  test(`KIT-04 a clock that is ${minutes} minutes off makes no difference`, async t => {
    const service = await startListening(t)
    await service.advance(-60 * minutes)
    const { open } = newDevice(service.url)
    const client = open()
    await client.signUp(newPerson())
    const token = await client.accessToken()
    await client.user()
    assert.equal(await client.accessToken(), token)
    await service.advance(86_400)
    await client.user()
    assert.ok(await open().accessToken())
  })

test('signing out without a connection says so, and nothing is forgotten', async t => {
  const { client, network, storage } = await signedUp(t)
  hurry(t)
  network.isDown = true
  await assert.rejects(client.signOut(), problem({ status: 0 }))
  assert.equal(client.state, 'signed-in')
  network.isDown = false
  await client.signOut()
  assert.equal(client.state, 'signed-out')
  assert.equal(storage.kept.size, 0)
  await client.signOut()
})

test('body transport without a storage is refused', () => {
  // @ts-expect-error: the types say it too.
  assert.throws(() => createClient({ url: 'http://localhost', transport: 'body' }), TypeError)
})

/** Makes this process a page for the clients that open now: they are its tabs. */
function asPage(t: TestContext, page: Readonly<Record<string, unknown>> = {}) {
  const names = { document: {}, navigator: {}, addEventListener: () => undefined, ...page }
  const before = Object.keys(names).map(name => [
    name,
    Object.getOwnPropertyDescriptor(globalThis, name)
  ]) as [string, PropertyDescriptor | undefined][]
  for (const [name, value] of Object.entries(names))
    Object.defineProperty(globalThis, name, { value, configurable: true })
  atEnd(t, () => {
    for (const [name, descriptor] of before) {
      if (descriptor === undefined) Reflect.deleteProperty(globalThis, name)
      else Object.defineProperty(globalThis, name, descriptor)
    }
  })
}

test('KIT-05 every tab hears that another account signs in, also without a sign-out', async t => {
  asPage(t)
  const { client, open } = await signedUp(t)
  const other = open()
  await other.accessToken()
  const first = (await client.user()).id
  const heard: (string | null)[][] = []
  for (const [index, tab] of [client, other].entries()) {
    heard.push([])
    tab.subscribe(() => heard[index]?.push(tab.userId))
  }
  await client.signUp(newPerson())
  const second = (await client.user()).id
  assert.notEqual(second, first)
  await until('the other tab has heard', () => other.userId === second)
  assert.deepEqual(heard, [
    [first, second],
    [first, second]
  ])
  await client.signOut()
  assert.equal(client.userId, null)
})

test('KIT-05 a tab that slept brings back nobody who has left', async t => {
  asPage(t)
  const { service, client } = await signedUp(t)
  const old = (await client.accessToken()) as string
  const sleeper = new BroadcastChannel(`postern:${service.url}`)
  atEnd(t, async () => sleeper.close())
  const wake = async () => {
    const heard = new Promise(resolve => {
      sleeper.onmessage = resolve
    })
    sleeper.postMessage({ type: 'token', token: old, seconds: halfHour })
    // The client answers in turn, so it has heard that by then.
    sleeper.postMessage({ type: 'ask', refused: 'none' })
    return Promise.race([heard, pause(1000)])
  }
  await service.advance(5)
  await client.signUp(newPerson())
  const { userId } = client
  await wake()
  assert.equal(client.userId, userId)
  await client.signOut()
  await wake()
  assert.deepEqual([client.state, client.userId], ['signed-out', null])
})

test('KIT-02 a request that was refused is not repeated for another account', async t => {
  const { url } = await startListening(t)
  const client: PosternClient = newDevice(url, {
    async fetch(input, init) {
      const answer = await fetch(input, init)
      if (init?.method !== 'PATCH' || answer.status !== 401) return answer
      await client.signUp(newPerson())
      return answer
    }
  }).open()
  await client.signUp(newPerson())
  const first = client.userId
  // The session is over, which the client learns by the refusal.
  const bearer = { authorization: `Bearer ${await client.accessToken()}` }
  await fetch(`${url}/logout-all/`, { method: 'POST', headers: bearer })
  await assert.rejects(client.updateUser({ firstName: 'Ada' }), problem({ status: 401 }))
  assert.notEqual(client.userId, first)
  assert.equal((await client.user()).firstName, '')
})

test('a token that the client cannot read is a token', async () => {
  const { network, open } = newDevice('http://127.0.0.1:1')
  const client = open()
  network.faults.push(
    new Response(JSON.stringify({ access: 'opaque', refresh: 'opaque', expires_in: halfHour }))
  )
  await client.signIn({ email: 'a@example.com', password: 'x' })
  assert.deepEqual([statesOf(client), client.userId], [['signed-in'], null])
  assert.equal(await client.accessToken(), 'opaque')
})

for (const locks of [
  undefined,
  { request: (_name: string, _options: object, work: (lock: object) => unknown) => work({}) }
])
  test(`a page whose storage is full signs in, ${locks ? 'with' : 'without'} Web Locks`, async t => {
    const items = new Map<string, string>()
    let isFull = false
    const localStorage = {
      getItem: (key: string) => items.get(key) ?? null,
      removeItem: (key: string) => items.delete(key),
      setItem(key: string, value: string) {
        if (isFull) throw new DOMException('full', 'QuotaExceededError')
        items.set(key, value)
      }
    }
    asPage(t, { localStorage })
    const { url } = await startListening(t)
    const client = newDevice(url, locks === undefined ? {} : { locks: locks as Locks }).open()
    isFull = true
    assert.deepEqual(await client.signUp(newPerson()), { status: 'signed-in' })
    assert.equal(client.state, 'signed-in')
  })
