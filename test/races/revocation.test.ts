import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { startApp, startAppOn, type TestApp } from '../support/app.js'
import { patient } from '../support/expect.js'
import {
  type Answer,
  type Client,
  changePassword,
  claimsOf,
  logout,
  logoutAll,
  newClient,
  newMember,
  newPerson,
  type Person,
  present,
  presentAccess,
  refreshTokenOf,
  signedIn,
  signIn
} from '../support/people.js'
import { atOnce, inLanes, races, until } from '../support/until.js'

// Each token is used once, so that every refresh rotates.
const strict = { REFRESH_REUSE_GRACE_SECONDS: '0' }
const rounds = races(50)
const lanes = 4

/** Somebody who signs in again for every race. */
type Racer = { readonly person: Person; client: Client }

const racers = (service: TestApp) =>
  Promise.all(Array.from({ length: lanes }, () => newMember(service)))

/**
 * Refreshes a session without pause, each time with the token just got, and ends it somewhere in
 * the middle of that. No refresh that begins after the end may succeed, and nothing that was given
 * before it may work.
 */
async function raceWith(service: TestApp, client: Client, end: () => Promise<void>) {
  const { sessionId } = client
  let ended = false
  let refreshes = 0
  const startOfEnd = randomInt(4)

  async function refreshUntilRefused(): Promise<{
    refusal: Answer
    token: string
    access: string
  }> {
    let token = client.refreshToken as string
    let access = client.access as string
    for (;;) {
      const isLate = ended
      const answer = await present(service, token)
      if (answer.statusCode !== 200) return { refusal: answer, token, access }
      assert.equal(isLate, false, 'a refresh that began after the end succeeded')
      token = refreshTokenOf(answer)
      access = answer.json().access
      refreshes++
    }
  }

  const refreshing = refreshUntilRefused()
  await until('the race is on', () => refreshes >= startOfEnd)
  await end()
  ended = true
  const { refusal, token, access } = await refreshing
  assert.equal(refusal.statusCode, 401, refusal.body)
  assert.equal((await present(service, token)).statusCode, 401)
  assert.equal((await presentAccess(service, access)).statusCode, 401)
  assert.deepEqual(await service.query('SELECT 1 FROM "Session" WHERE "id" = $1', [sessionId]), [])
  return refusal
}

/** The same for a client whose own bearer ends it: nobody presented anything twice. */
async function endByRequest(service: TestApp, client: Client, end: () => Promise<Answer>) {
  const refusal = await raceWith(service, client, async () => {
    const answer = await end()
    assert.equal(answer.statusCode, 200, answer.body)
  })
  assert.equal(refusal.json().code, 'token_not_valid', 'a race is not theft')
}

/** A client that knows the same bearer, and nothing of the refresh tokens that come later. */
function bearerOnly(service: TestApp, { access }: Client): Client {
  const client = newClient(service)
  client.access = access
  return client
}

for (const [event, end] of [
  ['logout', logout],
  ['logout from everywhere', logoutAll]
] as const) {
  test(`SES-07 SES-08 ${rounds} races of refresh and ${event}: nothing outlives it`, async t => {
    const service = await startApp(t, strict)
    const everybody = await racers(service)
    await inLanes(rounds, lanes, async (_round, lane) => {
      const racer = everybody[lane] as Racer
      const client = await signedIn(service, racer.person)
      await endByRequest(service, client, () => end(bearerOnly(service, client)))
    })
  })
}

test(`SES-08 ${rounds} races of refresh and a password change: only the session it opens is left`, async t => {
  // The refreshing session is the one that changes the password, and its successor the next racer.
  const service = await startApp(t, { ...strict, OLD_PASSWORD_FIELD_ENABLED: 'false' })
  const everybody = await racers(service)
  await inLanes(rounds, lanes, async (round, lane) => {
    const racer = everybody[lane] as Racer
    const next = bearerOnly(service, racer.client)
    const password = `${round} gigantic purple hats`
    await endByRequest(service, racer.client, () => changePassword(next, racer.person, password))
    const userId = claimsOf(next.access as string).sub
    const rows = await service.query('SELECT "id" FROM "Session" WHERE "userId" = $1', [userId])
    assert.deepEqual(rows, [{ id: next.sessionId }])
    racer.client = next
  })
})

test(`SES-08 SES-13 ${rounds} races of refresh and deactivation: all sessions end, also for later`, async t => {
  const service = await startApp(t, strict)
  const everybody = await racers(service)
  const setActive = (userId: unknown, isActive: boolean) =>
    service.query('UPDATE "User" SET "isActive" = $2 WHERE "id" = $1', [userId, isActive])
  await inLanes(rounds, lanes, async (_round, lane) => {
    const { person } = everybody[lane] as Racer
    const client = await signedIn(service, person)
    const userId = claimsOf(client.access as string).sub
    const refusal = await raceWith(service, client, async () => {
      await setActive(userId, false)
    })
    assert.equal(refusal.json().code, 'no_active_account')
    assert.deepEqual(
      await service.query('SELECT 1 FROM "Session" WHERE "userId" = $1', [userId]),
      []
    )
    await setActive(userId, true)
    assert.equal((await present(service, client.refreshToken as string)).statusCode, 401)
  })
})

/** One hash at a time, and a slow one: what is asked for waits for all that came before. */
const oneSlowHash = { ...patient, ARGON2_ITERATIONS: '20', HASH_CONCURRENCY: '1' }
const crowd = 8

/** Strangers who sign in, so that whoever comes next has to wait for a hash. */
const crowdIn = (service: TestApp) =>
  atOnce(crowd, () => signIn(newClient(service), newPerson('nobody')))

/** Begins a sign-in and waits until the account has been read for it, long before its hash is computed. */
async function beginSignIn(service: TestApp, person: Person) {
  await service.query('DELETE FROM "AttemptBudget"')
  const strangers = crowdIn(service)
  const client = newClient(service)
  const answer = signIn(client, person)
  // An account and a pair for each, and the one network.
  const isCounted = async () =>
    (await service.query('SELECT 1 FROM "AttemptBudget"')).length === 2 * (crowd + 1) + 1
  await until('the attempt is counted', isCounted)
  return { client, answer: answer.finally(() => strangers) }
}

test('SES-09 a sign-in that began before a password change opens no session after it', async t => {
  const slow = await startApp(t, oneSlowHash)
  const quick = await startAppOn(t, slow.databaseUrl, { OLD_PASSWORD_FIELD_ENABLED: 'false' })
  await newMember(quick) // its workers are started by now
  for (let round = 0; round < 4; round++) {
    const { person, client } = await newMember(slow)
    const old = { ...person }
    const late = await beginSignIn(slow, old)
    const changed = await changePassword(bearerOnly(quick, client), person, 'another purple hat')
    assert.equal(changed.statusCode, 200)
    const answer = await late.answer
    assert.ok([200, 401].includes(answer.statusCode), answer.body)
    const userId = claimsOf(client.access as string).sub
    const rows = await quick.query('SELECT "id" FROM "Session" WHERE "userId" = $1', [userId])
    assert.deepEqual(rows, [{ id: claimsOf(changed.json().access).session }])
    if (late.client.access !== null) {
      assert.equal((await presentAccess(quick, late.client.access)).statusCode, 401)
    }
  }
})

test('SES-09 a sign-in that began before a logout from everywhere opens no session after it', async t => {
  const service = await startApp(t, oneSlowHash)
  for (let round = 0; round < 4; round++) {
    const { person, client } = await newMember(service)
    const late = await beginSignIn(service, person)
    assert.equal((await logoutAll(client)).statusCode, 200)
    const answer = await late.answer
    assert.ok([200, 401].includes(answer.statusCode), answer.body)
    const userId = claimsOf(client.access ?? '').sub
    assert.deepEqual(
      await service.query('SELECT 1 FROM "Session" WHERE "userId" = $1', [userId]),
      []
    )
  }
})

test('HSH-03 a hash that is upgraded at sign-in never takes the place of a new password', async t => {
  const quick = await startApp(t, { ...patient, OLD_PASSWORD_FIELD_ENABLED: 'false' })
  const slow = await startAppOn(t, quick.databaseUrl, oneSlowHash)
  for (let round = 0; round < 4; round++) {
    const { person, client } = await newMember(quick)
    const before = { ...person }
    const userId = claimsOf(client.access as string).sub
    const signingIn = signIn(newClient(slow), before)
    const strangers = crowdIn(slow)
    const isOpen = async () =>
      (await quick.query('SELECT 1 FROM "Session" WHERE "userId" = $1', [userId])).length > 1
    await until('the sign-in has its session and waits for the better hash', isOpen)
    const changed = await changePassword(bearerOnly(quick, client), person, 'another purple hat')
    assert.equal(changed.statusCode, 200)
    await Promise.all([signingIn, strangers])
    assert.equal((await signIn(newClient(quick), person)).statusCode, 200)
    assert.equal((await signIn(newClient(quick), before)).statusCode, 401)
  }
})
