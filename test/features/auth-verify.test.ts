import assert from 'node:assert/strict'
import test from 'node:test'
import { startApp } from '../support/app.js'
import { assertProblem, bearer } from '../support/expect.js'
import { claimsOf, logout, newMember, refresh } from '../support/people.js'

const url = '/auth/verify/'

test('GET /auth/verify/ says who sent a request', async t => {
  const service = await startApp(t, { RATE_LIMIT_ENABLED: 'true', RATE_LIMIT_DEFAULT: '20/min' })
  const { person, client } = await newMember(service)
  const ask = (headers: Record<string, string>, cookies: Record<string, string> = {}) =>
    service.inject({ method: 'GET', url, headers, cookies })
  const cookie = () => ({ refresh_token: client.refreshToken ?? '' })

  await t.test('by its access token or its session cookie, in headers', async () => {
    const claims = claimsOf(client.access ?? '')
    for (const answer of [await ask(bearer(client.access ?? '')), await ask({}, cookie())]) {
      assert.equal(answer.statusCode, 200)
      assert.equal(answer.body, '')
      assert.equal(answer.headers['set-cookie'], undefined)
      const told = Object.entries(answer.headers).filter(([name]) => name.startsWith('x-auth-'))
      assert.deepEqual(Object.fromEntries(told), {
        'x-auth-user-id': claims.sub,
        'x-auth-email': person.email,
        'x-auth-email-verified': 'true',
        'x-auth-role': 'user',
        'x-auth-session': claims.sid,
        'x-auth-amr': 'pwd'
      })
    }
  })

  await t.test('reads the cookie as often as a site is loaded, and never uses it up', async () => {
    for (let n = 0; n < 30; n++) assert.equal((await ask({}, cookie())).statusCode, 200)
    const before = cookie()
    await service.advance(60)
    assert.equal((await refresh(client)).statusCode, 200)
    assert.equal((await ask({}, before)).statusCode, 200, 'its answer may be under way')
    assert.equal((await ask({}, cookie())).statusCode, 200)
  })

  await t.test('a token that counts for nothing is 401, and ends nothing', async () => {
    const basic = await ask({ authorization: 'Basic YTpi' }, cookie())
    assert.equal(basic.statusCode, 200, 'the password of the site behind')
    assertProblem(await ask({}), 401, 'not_authenticated')
    assertProblem(await ask({}, { refresh_token: 'x' }), 401, 'token_not_valid')
    assertProblem(await ask(bearer('a.b.c'), cookie()), 401, 'token_not_valid')
    const inBody = await newMember(service, { transport: 'body' })
    const wrong = { refresh_token: inBody.client.refreshToken ?? '' }
    assertProblem(await ask({}, wrong), 401, 'token_not_valid')
    const left = cookie()
    for (let n = 0; n < 3; n++) {
      await refresh(client)
      await service.advance(60)
    }
    assertProblem(await ask({}, left), 401, 'token_not_valid')
    assert.equal((await ask({}, cookie())).statusCode, 200)
    await service.query('UPDATE "User" SET "role" = 1000 WHERE "email" = $1', [person.email])
    assert.equal((await ask({}, cookie())).headers['x-auth-role'], 'staff')
    const last = cookie()
    await logout(client)
    assertProblem(await ask({}, last), 401, 'token_not_valid')
  })
})

test('a browser without a session goes from a trusted proxy to the sign-in page and back', async t => {
  const settings = {
    TRUST_PROXY: '127.0.0.1',
    RETURN_URLS: 'https://app.example/in/',
    BASE_PATH: '/id'
  }
  const service = await startApp(t, settings)
  const asked = {
    accept: 'text/html',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'app.example',
    'x-forwarded-uri': '/in/side?page=2'
  }
  const ask = (headers: Record<string, string>, on = service, remoteAddress = '127.0.0.1') =>
    on.app.inject({ method: 'GET', url: '/id/auth/verify/', headers, remoteAddress })
  const answer = await ask(asked)
  assert.equal(answer.statusCode, 302)
  const { origin, pathname, searchParams } = new URL(String(answer.headers.location))
  assert.equal(`${origin}${pathname}`, 'http://localhost:3000/id/login/')
  assert.deepEqual([...searchParams], [['return_to', 'https://app.example/in/side?page=2']])
  assert.equal((await ask({ ...asked, 'sec-fetch-mode': 'navigate' })).statusCode, 302)
  const others: Record<string, string>[] = [
    { accept: 'application/json' },
    { 'sec-fetch-mode': 'cors' },
    { 'x-forwarded-method': 'POST' },
    { 'x-forwarded-uri': '/elsewhere' },
    { 'x-forwarded-host': 'evil.example' },
    { 'x-forwarded-host': 'app.example@evil.example' },
    { 'x-forwarded-proto': 'javascript' }
  ]
  for (const other of others)
    assert.equal((await ask({ ...asked, ...other })).statusCode, 401, JSON.stringify(other))
  assert.equal((await ask(asked, service, '192.0.2.7')).statusCode, 401, 'not from the proxy')
  const without = await startApp(t, { ...settings, HOSTED_PAGES: 'false' })
  assert.equal((await ask(asked, without)).statusCode, 401)
})

test('the metadata of the service is at both well-known places, and true', async t => {
  const service = await startApp(t, { BASE_PATH: '/id' })
  const read = (name: string) => service.inject({ method: 'GET', url: `/.well-known/${name}` })
  const oauth = await read('oauth-authorization-server')
  assert.deepEqual(oauth.json(), (await read('openid-configuration')).json())
  assert.equal(oauth.headers['cache-control'], 'public, max-age=300')
  assert.equal(oauth.headers['access-control-allow-origin'], '*')
  const { issuer, jwks_uri, ...rest } = oauth.json()
  assert.equal(issuer, service.config.PUBLIC_URL)
  const keys = await service.inject({ method: 'GET', url: new URL(jwks_uri).pathname })
  const algorithms = keys.json().keys.map(({ alg }: { alg: string }) => alg)
  assert.deepEqual(rest.id_token_signing_alg_values_supported, [...new Set(algorithms)])
  for (const [name, value] of Object.entries(rest)) {
    if (!/_endpoint$|documentation$/.test(name)) continue
    const { pathname } = new URL(String(value))
    const answer = await service.inject({ method: 'GET', url: pathname })
    assert.notEqual(answer.statusCode, 404, name)
  }
})
