import assert from 'node:assert/strict'
import test from 'node:test'
import { startApp, startAppOn } from '../support/app.js'
import { assertProblem, bearer, cookieOf, patient } from '../support/expect.js'
import {
  type Client,
  logout,
  logoutAll,
  newMember,
  present,
  presentAccess,
  refresh,
  signedIn
} from '../support/people.js'

const url = '/logout/'
const cleared = {
  value: '',
  attributes: { 'Max-Age': '0', Path: '/', HttpOnly: '', SameSite: 'Lax' }
}

test('logout', async t => {
  const service = await startApp(t, patient)
  const { person } = await newMember(service)
  const works = async (client: Client) =>
    (await presentAccess(service, client.access ?? '')).statusCode === 200
  const send = (options: { headers?: Record<string, string>; refresh?: string; cookie?: string }) =>
    service.inject({
      method: 'POST',
      url,
      payload: options.refresh === undefined ? {} : { refresh: options.refresh },
      headers: options.headers ?? {},
      cookies: options.cookie === undefined ? {} : { refresh_token: options.cookie }
    })

  await t.test(
    'SES-07 SES-15 ends the session it is asked with and no other, and clears the cookie',
    async () => {
      const client = await signedIn(service, person)
      const other = await signedIn(service, person)
      const { access, refreshToken } = client
      const answer = await logout(client)
      assert.equal(answer.statusCode, 200)
      assert.deepEqual(answer.json(), { detail: 'Successfully logged out.' })
      assert.deepEqual(cookieOf(answer, 'refresh_token'), cleared)
      assertProblem(await presentAccess(service, access ?? ''), 401, 'token_not_valid')
      assertProblem(await present(service, refreshToken ?? ''), 401, 'token_not_valid')
      assert.ok(await works(other))
    }
  )

  await t.test('the bearer alone is enough, and so is the refresh token alone', async () => {
    const byBearer = await signedIn(service, person)
    assert.equal((await send({ headers: bearer(byBearer.access ?? '') })).statusCode, 200)
    const byCookie = await signedIn(service, person)
    assert.equal((await send({ cookie: byCookie.refreshToken ?? '' })).statusCode, 200)
    const byBody = await signedIn(service, person, { transport: 'body' })
    assert.equal((await send({ refresh: byBody.refreshToken ?? '' })).statusCode, 200)
    for (const client of [byBearer, byCookie, byBody]) assert.equal(await works(client), false)
  })

  await t.test('SES-21 an expired access token does not keep anybody signed in', async t => {
    const short = await startAppOn(t, service.databaseUrl, {
      JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME: '1m'
    })
    const client = await signedIn(short, person)
    await short.advance(61)
    assertProblem(await presentAccess(short, client.access ?? ''), 401, 'token_not_valid')
    assert.equal((await logout(client)).statusCode, 200)
    const rows = await service.query('SELECT 1 FROM "Session" WHERE "id" = $1', [client.sessionId])
    assert.equal(rows.length, 0)
  })

  await t.test(
    'the refresh token used last still ends its session; one that the session left behind does not',
    async () => {
      const client = await signedIn(service, person)
      const first = client.refreshToken ?? ''
      await refresh(client)
      const second = client.refreshToken ?? ''
      await service.advance(11)
      await refresh(client)
      await service.advance(11)
      assertProblem(await send({ cookie: first }), 401, 'token_not_valid')
      assert.ok(await works(client))
      assert.equal((await send({ cookie: second })).statusCode, 200)
      assert.equal(await works(client), false)
    }
  )

  await t.test('bearer and refresh token of two sessions of one person end both', async () => {
    const [one, two] = [await signedIn(service, person), await signedIn(service, person)]
    const answer = await send({
      headers: bearer(one.access ?? ''),
      cookie: two.refreshToken ?? ''
    })
    assert.equal(answer.statusCode, 200)
    assert.equal((await works(one)) || (await works(two)), false)
  })

  await t.test(
    "SES-20 somebody else's refresh token ends nothing of theirs, and is cleared",
    async () => {
      const mine = await signedIn(service, person)
      const { client: theirs } = await newMember(service)
      const answer = await send({
        headers: bearer(mine.access ?? ''),
        cookie: theirs.refreshToken ?? ''
      })
      assert.equal(answer.statusCode, 200)
      assert.deepEqual(cookieOf(answer, 'refresh_token'), cleared)
      assert.equal(await works(mine), false)
      assert.ok(await works(theirs))
      assert.equal((await refresh(theirs)).statusCode, 200)
    }
  )

  await t.test('neither valid: 401, and the cookie is cleared', async () => {
    const client = await signedIn(service, person)
    const { access, refreshToken } = client
    await logout(client)
    const tries = [
      { cookie: 'nonsense' },
      { headers: bearer('nonsense') },
      { headers: bearer(access ?? ''), cookie: refreshToken ?? '' },
      { refresh: 'nonsense' }
    ]
    for (const given of tries) {
      const answer = await send(given)
      assertProblem(answer, 401, 'token_not_valid')
      assert.deepEqual(cookieOf(answer, 'refresh_token'), cleared)
    }
    const nothing = await send({})
    assertProblem(nothing, 401, 'not_authenticated')
    assert.deepEqual(cookieOf(nothing, 'refresh_token'), cleared)
    const otherScheme = await send({ headers: { authorization: 'Basic YTpi' } })
    assertProblem(otherScheme, 401, 'not_authenticated')
    const malformed = await send({ headers: { authorization: 'Bearer' } })
    assertProblem(malformed, 401, 'bad_authorization_header')
  })

  await t.test('a refresh token by the other transport proves nothing', async () => {
    const client = await signedIn(service, person)
    assertProblem(await send({ refresh: client.refreshToken ?? '' }), 401, 'token_not_valid')
    assert.ok(await works(client))
  })

  await t.test('SES-19 another site cannot sign anybody out', async () => {
    const client = await signedIn(service, person)
    const answer = await send({
      headers: { origin: 'https://evil.example' },
      cookie: client.refreshToken ?? ''
    })
    assertProblem(answer, 403, 'cross_site_request')
    assert.equal(answer.headers['set-cookie'], undefined)
    assert.ok(await works(client))
  })

  await t.test('logout-all ends every session and clears the cookie', async () => {
    const { person: ada, client } = await newMember(service)
    const other = await signedIn(service, ada)
    const answer = await logoutAll(client)
    assert.equal(answer.statusCode, 200)
    assert.deepEqual(answer.json(), { detail: 'Successfully logged out from all devices.' })
    assert.deepEqual(cookieOf(answer, 'refresh_token'), cleared)
    assert.equal((await works(client)) || (await works(other)), false)
    assertProblem(await refresh(other), 401, 'token_not_valid')
    assert.ok(await works(await signedIn(service, ada)))
  })

  await t.test('logout-all asks for a bearer: a cookie is not enough', async () => {
    const client = await signedIn(service, person)
    const answer = await service.inject({
      method: 'POST',
      url: '/logout-all/',
      cookies: { refresh_token: client.refreshToken ?? '' }
    })
    assertProblem(answer, 401, 'not_authenticated')
    assert.ok(await works(client))
  })

  await t.test('with the session check off an access token works until it expires', async t => {
    const lax = await startAppOn(t, service.databaseUrl, {
      JWT_ALLAUTH_ACCESS_TOKEN_SESSION_CHECK: 'false'
    })
    const client = await signedIn(lax, person)
    assert.equal((await logout(client)).statusCode, 200)
    assert.equal((await presentAccess(lax, client.access ?? '')).statusCode, 200)
    assertProblem(await presentAccess(service, client.access ?? ''), 401, 'token_not_valid')
  })
})
