import assert from 'node:assert/strict'
import test from 'node:test'
import { startApp } from '../support/app.js'
import { assertProblem, cookieOf } from '../support/expect.js'
import {
  type Answer,
  claimsOf,
  newClient,
  newMember,
  readUser,
  signedIn,
  signIn
} from '../support/people.js'
import { exchange, listen, requestText } from '../support/raw.js'

test('what HTTP libraries send without a body is no body', async t => {
  const service = await startApp(t)
  const types = [
    'application/x-www-form-urlencoded',
    'application/json',
    'application/json; charset=latin1',
    'text/plain',
    'application/octet-stream',
    'null'
  ]
  for (const url of ['/refresh/', '/logout/']) {
    for (const type of types) {
      const { client } = await newMember(service)
      const answer = await service.app.inject({
        method: 'POST',
        url,
        headers: { 'content-type': type, 'content-length': '0' },
        cookies: { refresh_token: client.refreshToken ?? '' }
      })
      assert.equal(answer.statusCode, 200, `${url} ${type} ${answer.body}`)
    }
  }

  await t.test('HTP-03 one byte of another type is refused as before', async () => {
    const { client } = await newMember(service)
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'image/png']) {
      const answer = await service.app.inject({
        method: 'POST',
        url: '/refresh/',
        headers: { 'content-type': type },
        payload: 'x',
        cookies: { refresh_token: client.refreshToken ?? '' }
      })
      assertProblem(answer, 415, 'unsupported_media_type')
    }
  })

  await t.test('also when only the end of the body says that it is empty', async () => {
    const port = await listen(service)
    const { client } = await newMember(service)
    const send = (body: string) =>
      exchange(
        port,
        requestText('POST /refresh/', [
          'Content-Type: text/plain',
          'Transfer-Encoding: chunked',
          `Cookie: refresh_token=${client.refreshToken}`
        ]) + body
      )
    assert.equal((await send('1\r\nx\r\n0\r\n\r\n')).status, 415)
    assert.equal((await send('0\r\n\r\n')).status, 200)
  })
})

test('null is no refresh token, and the transport is asked for in any case', async t => {
  const service = await startApp(t)
  for (const url of ['/refresh/', '/logout/']) {
    const { client } = await newMember(service, { transport: 'cookie' })
    assert.equal((await client.send('POST', url, { refresh: null })).statusCode, 200, url)
    const other = await newMember(service)
    const answer = await service.app.inject({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/json' },
      payload: 'null',
      cookies: { refresh_token: other.client.refreshToken ?? '' }
    })
    assert.equal(answer.statusCode, 200, url)
  }
  assertProblem(
    await service.inject({ method: 'POST', url: '/refresh/', payload: { refresh: null } }),
    400,
    'refresh_missing'
  )
  const { person } = await newMember(service)
  for (const [spelled, isInBody] of [
    ['BODY', true],
    ['Body', true],
    ['Cookie', false]
  ] as const) {
    const client = newClient(service, { headers: { 'x-refresh-transport': spelled } })
    const answer = await signIn(client, person)
    assert.equal(answer.statusCode, 200)
    assert.equal('refresh' in answer.json(), isInBody, spelled)
  }
})

test('an answer with tokens says how long the access token lasts', async t => {
  const service = await startApp(t, {
    JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME: '20m',
    JWT_ALLAUTH_SESSION_LIFETIME: '30m'
  })
  const { person, client } = await newMember(service)
  const left = (answer: Answer) => {
    const { access, expires_in } = answer.json()
    const { iat, exp } = claimsOf(access)
    assert.equal(expires_in, Number(exp) - Number(iat))
    return expires_in
  }
  assert.equal(left(await signIn(newClient(service), person)), 1200)
  await service.advance(900)
  // The session ends sooner than the token would.
  const refreshed = left(await client.send('POST', '/refresh/', {}))
  assert.ok(refreshed <= 900 && refreshed > 800, String(refreshed))
})

test('GET /user/ says who the person is, and so does a change', async t => {
  const service = await startApp(t, { ROLES: 'editor:300' })
  const { person, client } = await newMember(service)
  await service.query('UPDATE "User" SET "role" = 300 WHERE "email" = $1', [person.email])
  const { created_at, ...user } = (await readUser(client)).json()
  assert.deepEqual(user, {
    id: claimsOf(client.access ?? '').sub,
    email: person.email,
    email_verified: true,
    first_name: '',
    last_name: '',
    role: 300,
    role_name: 'editor',
    mfa_enabled: false
  })
  assert.ok(Math.abs(Date.parse(created_at) - service.clock().getTime()) < 60_000)
  const changed = await client.send('PATCH', '/user/', { first_name: 'Ada' })
  assert.deepEqual(changed.json(), { ...user, created_at, first_name: 'Ada' })
  const moved = { email: `moved-${person.email}`, password: person.password }
  const answer = await client.send('PATCH', '/user/', moved)
  assert.deepEqual([answer.json().email, answer.json().email_verified], [moved.email, true])
  assert.deepEqual((await readUser(client)).json(), answer.json())
})

test('access tokens carry client_id, constants and nested claims', async t => {
  const service = await startApp(t, {
    JWT_CLIENT_ID: 'web',
    JWT_ALLAUTH_USER_ATTRIBUTES: String.raw`https://hasura\.io/jwt/claims.x-hasura-user-id=id, https://hasura\.io/jwt/claims.x-hasura-default-role='user',https://hasura\.io/jwt/claims.x-hasura-allowed-roles=["user","me, too"],tenant='it\'s, mine',a.b.c=role_name,a.b.old=legacy_id`
  })
  const { person, client } = await newMember(service)
  const claims = claimsOf(client.access ?? '')
  assert.equal(claims.client_id, 'web')
  assert.deepEqual(claims['https://hasura.io/jwt/claims'], {
    'x-hasura-user-id': claims.sub,
    'x-hasura-default-role': 'user',
    'x-hasura-allowed-roles': ['user', 'me, too']
  })
  assert.equal(claims.tenant, "it's, mine")
  assert.deepEqual(claims.a, { b: { c: 'user' } })
  assert.equal((await readUser(client)).statusCode, 200)
  const plain = await startApp(t)
  assert.equal((await newMember(plain)).client.access?.length !== 0, true)
  assert.equal(claimsOf((await signedIn(service, person)).access ?? '').client_id, 'web')
})

test('CAP-01 every cookie of an app on another site is SameSite=None, and Partitioned if asked', async t => {
  const service = await startApp(t, {
    PUBLIC_URL: 'https://id.example',
    JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_SAME_SITE: 'None',
    COOKIE_PARTITIONED: 'true'
  })
  const { person } = await newMember(service)
  const answer = await signIn(newClient(service), person)
  for (const name of ['refresh_token', 'known_device']) {
    const { SameSite, Secure, Partitioned } = cookieOf(answer, name)?.attributes ?? {}
    assert.deepEqual([SameSite, Secure, Partitioned], ['None', '', ''], name)
  }
  const out = await service.inject({ method: 'POST', url: '/logout/', headers: {} })
  assert.equal(cookieOf(out, 'refresh_token')?.attributes.Partitioned, '')
  // Here the browser would file the cookie under this site, where the app does not find it.
  const navigation = await service.inject({
    method: 'POST',
    url: '/login/',
    payload: person,
    headers: { 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'same-origin' }
  })
  const { attributes } = cookieOf(navigation, 'refresh_token') ?? assert.fail()
  assert.deepEqual([attributes.SameSite, attributes.Partitioned], ['None', undefined])
})
