import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp, startAppOn, type TestApp } from '../support/app.js'
import { patient } from '../support/expect.js'
import {
  type Answer,
  claimsOf,
  newClient,
  newMember,
  present,
  presentAccess,
  readUser,
  refreshCookie,
  refreshTokenOf,
  type Service,
  setCookies,
  signedIn,
  signIn
} from '../support/people.js'
import { atOnce, inLanes } from '../support/until.js'

const strict = { REFRESH_REUSE_GRACE_SECONDS: '0' }

const sessionsOf = (service: TestApp, userId: string) =>
  service.query<{ id: string; jti: string }>(
    'SELECT "id", "jti" FROM "Session" WHERE "userId" = $1',
    [userId]
  )

const userOf = (token: string) => String(claimsOf(token).sub)

/** One session's token, presented fifty times at once, to all of the instances in turn. */
async function fiftyAtOnce(services: readonly Service[]) {
  const [service] = services as [Service]
  const { client } = await newMember(service)
  const token = client.refreshToken as string
  const answers = await atOnce(50, index =>
    present(services[index % services.length] as Service, token)
  )
  const taken = answers.filter(({ statusCode }) => statusCode === 200)
  const refused = answers.filter(({ statusCode }) => statusCode !== 200)
  return { token, taken, refused, userId: userOf(token) }
}

async function oneLiveLeaf(service: TestApp, others: readonly Service[]) {
  const { taken, refused, userId, token } = await fiftyAtOnce([service, ...others])
  assert.deepEqual(refused, [])
  const answered = taken.flatMap(answer => setCookies(answer).get(refreshCookie) ?? [])
  assert.equal(answered.length, 1, 'one answer sets the cookie')
  const [child = ''] = answered
  const rows = await sessionsOf(service, userId)
  assert.deepEqual(
    rows.map(({ jti }) => jti),
    [claimsOf(child).jti]
  )
  await service.advance(11)
  const next = refreshTokenOf(await present(service, child))
  await service.advance(11)
  assert.equal((await present(service, next)).statusCode, 200)
  const late = await present(service, token)
  assert.equal(late.json().code, 'refresh_reused', 'two steps back is theft')
  assert.deepEqual(await sessionsOf(service, userId), [])
}

async function noLiveLeaf(service: TestApp, others: readonly Service[]) {
  const { taken, refused, userId } = await fiftyAtOnce([service, ...others])
  assert.equal(taken.length, 1)
  for (const { statusCode } of refused) assert.equal(statusCode, 401)
  assert.ok(refused.some(answer => answer.json().code === 'refresh_reused'))
  assert.deepEqual(await sessionsOf(service, userId), [])
  const [winner] = taken as [Answer]
  assert.equal((await present(service, refreshTokenOf(winner))).statusCode, 401)
  assert.equal((await presentAccess(service, winner.json().access)).statusCode, 401)
}

test('SES-03 SES-05 fifty refreshes at once with one token have one successor', async t => {
  const service = await startApp(t)
  for (let round = 0; round < 5; round++) await oneLiveLeaf(service, [])
})

test('SES-03 SES-05 without a grace fifty refreshes at once leave nothing alive', async t => {
  const service = await startApp(t, strict)
  for (let round = 0; round < 5; round++) await noLiveLeaf(service, [])
})

test('SES-03 SES-12 FLT-10 two instances decide such a race as one', async t => {
  const a = await startApp(t)
  const b = await startAppOn(t, a.databaseUrl)
  for (let round = 0; round < 3; round++) await oneLiveLeaf(a, [b])
  const c = await startAppOn(t, a.databaseUrl, strict)
  const d = await startAppOn(t, a.databaseUrl, strict)
  for (let round = 0; round < 3; round++) await noLiveLeaf(c, [d])
})

for (const poolSize of ['1', '2']) {
  test(`SES-24 a hundred sessions refresh at once over a pool of ${poolSize}, and none is lost`, async t => {
    const service = await startApp(t, { ...strict, DATABASE_POOL_SIZE: poolSize })
    const tokens: string[] = []
    await inLanes(100, 4, async () => {
      tokens.push((await newMember(service)).client.refreshToken as string)
    })
    const answers = await Promise.all(tokens.map(token => present(service, token)))
    assert.deepEqual(new Set(answers.map(({ statusCode }) => statusCode)), new Set([200]))
    const next = await Promise.all(answers.map(answer => present(service, refreshTokenOf(answer))))
    assert.deepEqual(new Set(next.map(({ statusCode }) => statusCode)), new Set([200]))
  })
}

test('SES-17 a sign-in with somebody’s cookie opens a session of its own and leaves that one alone', async t => {
  const service = await startApp(t)
  const { client: victim } = await newMember(service)
  const { person } = await newMember(service)
  for (const planted of [victim.refreshToken as string, 'not a token']) {
    const browser = newClient(service)
    browser.cookies.set(refreshCookie, planted)
    assert.equal((await signIn(browser, person)).statusCode, 200)
    assert.notEqual(browser.sessionId, victim.sessionId)
    assert.notEqual(userOf(browser.refreshToken as string), userOf(victim.refreshToken as string))
  }
  assert.equal((await readUser(victim)).statusCode, 200)
  assert.equal((await present(service, victim.refreshToken as string)).statusCode, 200)
})

test('SES-17 signing in again is a new session beside the old one', async t => {
  const service = await startApp(t)
  const { person, client } = await newMember(service)
  const before = client.sessionId
  assert.equal((await signIn(client, person)).statusCode, 200)
  assert.notEqual(client.sessionId, before)
})

test('SES-23 thirty sign-ins at once leave as many sessions as one may have, all of them alive', async t => {
  const service = await startApp(t, { ...patient, MAX_SESSIONS_PER_USER: '5' })
  const { person } = await newMember(service)
  const clients = await atOnce(30, () => signedIn(service, person))
  const userId = userOf(clients[0]?.access as string)
  const rows = await sessionsOf(service, userId)
  assert.equal(rows.length, 5)
  const alive = await Promise.all(clients.map(client => readUser(client)))
  assert.equal(alive.filter(({ statusCode }) => statusCode === 200).length, 5)
  const last = await signedIn(service, person)
  assert.equal((await readUser(last)).statusCode, 200)
  assert.equal((await sessionsOf(service, userId)).length, 5)
})
