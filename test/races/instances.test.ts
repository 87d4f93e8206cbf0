import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp, startAppOn } from '../support/app.js'
import { atEnd } from '../support/at-end.js'
import { createTestDatabase } from '../support/database.js'
import { assertProblem } from '../support/expect.js'
import {
  newMember,
  present,
  presentAccess,
  readUser,
  refresh,
  refreshTokenOf,
  signedIn
} from '../support/people.js'

const strict = { REFRESH_REUSE_GRACE_SECONDS: '0' }

test('SES-12 FLT-12 a token consumed before a restart is known elsewhere, and no clock brings it back', async t => {
  const a = await startApp(t, strict)
  const b = await startAppOn(t, a.databaseUrl, strict)
  const { client, person } = await newMember(a)
  const other = await signedIn(a, person)
  const first = client.refreshToken as string
  const second = refreshTokenOf(await present(a, first))
  await a.app.close()
  const again = await startAppOn(t, a.databaseUrl, strict)

  assertProblem(await present(b, first), 401, 'refresh_reused')
  for (const service of [again, b]) {
    assertProblem(await present(service, second), 401, 'token_not_valid')
    assertProblem(await presentAccess(service, client.access as string), 401, 'token_not_valid')
    assert.equal((await presentAccess(service, other.access as string)).statusCode, 200)
  }
  await again.advance(-3600)
  for (const token of [first, second]) assert.equal((await present(again, token)).statusCode, 401)
})

test('FLT-10 a session lives on whichever instance it meets, and dies on all', async t => {
  const a = await startApp(t, strict)
  const b = await startAppOn(t, a.databaseUrl, strict)
  const { client } = await newMember({ inject: request => a.inject(request) })
  const tokens = [client.refreshToken as string]
  for (let round = 0; round < 10; round++) {
    const answer = await present(round % 2 === 0 ? b : a, tokens.at(-1) as string)
    assert.equal(answer.statusCode, 200, answer.body)
    tokens.push(refreshTokenOf(answer))
  }
  assertProblem(await present(b, tokens[8] as string), 401, 'refresh_reused')
  assertProblem(await present(a, tokens.at(-1) as string), 401, 'token_not_valid')
})

test('FLT-14 two instances that start at once on an empty database migrate it once and share their keys', async t => {
  const database = await createTestDatabase({ empty: true })
  atEnd(t, () => database.drop())
  const settings = { MIGRATE_ON_START: 'true' }
  const [a, b, c] = await Promise.all([
    startAppOn(t, database.url, settings),
    startAppOn(t, database.url, settings),
    startAppOn(t, database.url, settings)
  ])
  const keySets = await Promise.all(
    [a, b, c].map(service => service.inject({ method: 'GET', url: '/.well-known/jwks.json' }))
  )
  assert.equal(new Set(keySets.map(({ body }) => body)).size, 1)
  const { client } = await newMember(a)
  for (const service of [b, c]) {
    assert.equal((await presentAccess(service, client.access as string)).statusCode, 200)
  }
  assert.equal((await refresh(client)).statusCode, 200)
  assert.equal((await readUser(client)).statusCode, 200)
})
