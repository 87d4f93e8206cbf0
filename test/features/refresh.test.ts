import assert from 'node:assert/strict'
import test from 'node:test'
import { startApp, startAppOn } from '../support/app.js'
import { assertCookie, assertProblem, bearer, cookieOf, patient } from '../support/expect.js'
import {
  claimsOf,
  newMember,
  present,
  presentAccess,
  refresh,
  refreshTokenOf,
  signedIn
} from '../support/people.js'

const url = '/refresh/'

test('refresh', async t => {
  const service = await startApp(t, patient)
  const { person } = await newMember(service)
  const alive = async (sessionId: string) =>
    (await service.query('SELECT 1 FROM "Session" WHERE "id" = $1', [sessionId])).length === 1

  await t.test('SES-01 by cookie: a new access token, a new cookie, the same session', async () => {
    const client = await signedIn(service, person)
    const before = client.refreshToken
    const answer = await refresh(client)
    assert.equal(answer.statusCode, 200)
    assert.deepEqual(Object.keys(answer.json()), ['access', 'expires_in'])
    const token = assertCookie(answer, 'refresh_token', {
      'Max-Age': String(14 * 86_400),
      Path: '/',
      HttpOnly: '',
      SameSite: 'Lax'
    })
    assert.notEqual(token, before)
    const [old, now] = [claimsOf(before ?? ''), claimsOf(token)]
    assert.equal(now.session, old.session)
    assert.equal(now.session_iat, old.session_iat)
    assert.equal(now.auth_time, old.auth_time)
    assert.notEqual(now.jti, old.jti)
  })

  await t.test('SES-18 in the body: both tokens in the body and no cookie', async () => {
    const client = await signedIn(service, person, { transport: 'body' })
    const answer = await refresh(client)
    assert.equal(answer.statusCode, 200)
    assert.deepEqual(Object.keys(answer.json()), ['access', 'expires_in', 'refresh'])
    assert.equal(answer.headers['set-cookie'], undefined)
  })

  await t.test('a session keeps its transport without being told again', async () => {
    const client = await signedIn(service, person, { transport: 'body' })
    const answer = await present(service, client.refreshToken ?? '', 'body')
    assert.equal(answer.statusCode, 200)
    assert.equal(claimsOf(answer.json().refresh).session, client.sessionId)
  })

  await t.test(
    'SES-18 by the other transport it is no token; nothing is consumed or revoked',
    async () => {
      const inCookie = await signedIn(service, person)
      const inBody = await signedIn(service, person, { transport: 'body' })
      const swapped = [
        await present(service, inCookie.refreshToken ?? '', 'body'),
        await present(service, inBody.refreshToken ?? '', 'cookie')
      ]
      for (const answer of swapped) {
        assertProblem(answer, 401, 'token_not_valid')
        assert.equal(answer.headers['set-cookie'], undefined)
      }
      assert.equal((await refresh(inCookie)).statusCode, 200)
      assert.equal((await refresh(inBody)).statusCode, 200)
    }
  )

  await t.test(
    'SES-18 of two tokens the transport that was asked for counts, else the default',
    async () => {
      const inCookie = await signedIn(service, person)
      const inBody = await signedIn(service, person, { transport: 'body' })
      const both = (headers: Record<string, string>) =>
        service.inject({
          method: 'POST',
          url,
          headers,
          payload: { refresh: inBody.refreshToken },
          cookies: { refresh_token: inCookie.refreshToken ?? '' }
        })
      const byDefault = await both({})
      assert.equal(claimsOf(refreshTokenOf(byDefault)).session, inCookie.sessionId)
      assert.deepEqual(Object.keys(byDefault.json()), ['access', 'expires_in'])
      const asked = await both({ 'x-refresh-transport': 'body' })
      assert.equal(claimsOf(asked.json().refresh).session, inBody.sessionId)
      assert.equal(asked.headers['set-cookie'], undefined)
    }
  )

  await t.test(
    'LOG-01 a repetition within the grace from another network leaves a trail',
    async () => {
      const client = await signedIn(service, person, { address: '192.0.2.1' })
      const token = client.refreshToken ?? ''
      const repeatFrom = (remoteAddress: string) =>
        service.inject({
          method: 'POST',
          url,
          payload: {},
          cookies: { refresh_token: token },
          remoteAddress
        })
      await repeatFrom('192.0.2.1')
      await repeatFrom('192.0.2.1')
      assert.equal((await repeatFrom('198.51.100.7')).statusCode, 200)
      const trail = await service.query(
        'SELECT "event", "network" FROM "AuditEvent" WHERE "sessionId" = $1 AND "event" LIKE $2',
        [client.sessionId, 'session.refresh%']
      )
      assert.deepEqual(trail, [{ event: 'session.refresh_repeated', network: '198.51.100.7' }])
    }
  )

  await t.test('without a token: 400', async () => {
    assertProblem(await service.inject({ method: 'POST', url }), 400, 'refresh_missing')
    assertProblem(
      await service.inject({ method: 'POST', url, payload: {} }),
      400,
      'refresh_missing'
    )
    const mismatch = await service.inject({
      method: 'POST',
      url,
      payload: { refresh: 'x' },
      headers: { 'x-refresh-transport': 'cookie' }
    })
    assertProblem(mismatch, 400, 'refresh_missing')
  })

  await t.test(
    'JWT-13 a refresh token in Authorization is none; a bearer that is there is ignored',
    async () => {
      const client = await signedIn(service, person)
      const headers = bearer(client.refreshToken ?? '')
      assertProblem(await service.inject({ method: 'POST', url, headers }), 400, 'refresh_missing')
      const answer = await service.inject({
        method: 'POST',
        url,
        headers: bearer('stale'),
        cookies: { refresh_token: client.refreshToken ?? '' }
      })
      assert.equal(answer.statusCode, 200)
    }
  )

  await t.test(
    'SES-22 a cookie that can never work again is cleared, with its own attributes',
    async () => {
      const answer = await present(service, 'nonsense')
      assertProblem(answer, 401, 'token_not_valid')
      assert.deepEqual(cookieOf(answer, 'refresh_token'), {
        value: '',
        attributes: { 'Max-Age': '0', Path: '/', HttpOnly: '', SameSite: 'Lax' }
      })
      assert.equal((await present(service, 'nonsense', 'body')).headers['set-cookie'], undefined)
    }
  )

  /** A session by body, whose tokens can be told apart, and what a token is answered with. */
  async function bodySession() {
    const client = await signedIn(service, person, { transport: 'body' })
    const send = async (token: string) => {
      const answer = await present(service, token, 'body')
      return { answer, token: answer.statusCode === 200 ? String(answer.json().refresh) : '' }
    }
    return { client, first: client.refreshToken ?? '', send }
  }
  const beyondGrace = () => service.advance(11)

  await t.test(
    'SES-05 a burst rotates once: the token goes on, or gets its one child',
    async () => {
      const { first, send } = await bodySession()
      const { token: child } = await send(first)
      assert.notEqual(child, first)
      assert.equal(claimsOf((await send(first)).token).jti, claimsOf(child).jti)
      assert.equal(claimsOf((await send(child)).token).jti, claimsOf(child).jti)
      await beyondGrace()
      const { token: next } = await send(child)
      assert.notEqual(claimsOf(next).jti, claimsOf(child).jti)
    }
  )

  await t.test('SES-05 a lost answer is repaired whenever the client notices', async () => {
    const { first, send } = await bodySession()
    await send(first)
    await service.advance(3600)
    const { token: child } = await send(first)
    await beyondGrace()
    assert.equal((await send(child)).answer.statusCode, 200)
  })

  await t.test('SES-05 of the children of one token the first used decides', async () => {
    const { client, first, send } = await bodySession()
    const { token: lost } = await send(first)
    await beyondGrace()
    const { token: replaced } = await send(first)
    await beyondGrace()
    assert.equal((await send(lost)).answer.statusCode, 200, 'older children stay good')
    await beyondGrace()
    assertProblem((await send(replaced)).answer, 401, 'refresh_reused')
    assert.equal(await alive(client.sessionId), false)
  })

  await t.test('SES-05 a token that a late answer puts back is brought up to date', async () => {
    const { first, send } = await bodySession()
    const { token: second } = await send(first)
    await beyondGrace()
    const { token: third } = await send(second)
    assert.equal(claimsOf((await send(first)).token).jti, claimsOf(third).jti)
    await beyondGrace()
    assertProblem((await send(first)).answer, 401, 'refresh_reused')
  })

  await t.test('SES-05 a database that forgot goes on with the newest token', async () => {
    const { client, first, send } = await bodySession()
    const rowOf = async () =>
      (
        await service.query(
          'SELECT "jti", "previousJti", "usedBeforeJti", "generation", "nextAt", "rotatedAt" FROM "Session" WHERE "id" = $1',
          [client.sessionId]
        )
      )[0]
    const before = await rowOf()
    const { token: second } = await send(first)
    await beyondGrace()
    const { token: third } = await send(second)
    await service.query(
      'UPDATE "Session" SET "jti" = $2, "previousJti" = $3, "usedBeforeJti" = $4, "generation" = $5, "nextAt" = $6, "rotatedAt" = $7 WHERE "id" = $1',
      [client.sessionId, ...Object.values(before ?? {})]
    )
    const { token: fourth } = await send(third)
    assert.notEqual(fourth, '')
    await beyondGrace()
    assert.equal((await send(fourth)).answer.statusCode, 200)
    assertProblem((await send(second)).answer, 401, 'refresh_reused')
  })

  await t.test('SES-05 only an answer that brings something new sets the cookie', async () => {
    const client = await signedIn(service, person)
    const first = client.refreshToken ?? ''
    const child = refreshTokenOf(await present(service, first))
    for (const token of [first, child]) {
      const answer = await present(service, token)
      assert.equal(answer.statusCode, 200)
      assert.equal(cookieOf(answer, 'refresh_token'), null)
    }
    await beyondGrace()
    assert.notEqual(refreshTokenOf(await present(service, first)), child)
  })

  await t.test('SES-05 tokens from before this rule are taken once and moved over', async () => {
    const { client, first, send } = await bodySession()
    const { par: _, gen: __, ...claims } = claimsOf(first)
    const old = service.app.jwt as unknown as Record<string, { sign(claims: object): string }>
    const text = old['refresh-token']?.sign(claims) ?? ''
    await service.query(
      'UPDATE "Session" SET "previousJti" = NULL, "rotatedAt" = NULL WHERE "id" = $1',
      [client.sessionId]
    )
    const { token: moved } = await send(text)
    assert.equal(claimsOf(moved).gen, 1)
    assert.equal(claimsOf((await send(text)).token).jti, claimsOf(moved).jti)
    await beyondGrace()
    await send(moved)
    await beyondGrace()
    assertProblem((await send(text)).answer, 401, 'refresh_reused')
  })

  await t.test('SES-02 a token that the session has left behind is theft', async () => {
    const client = await signedIn(service, person)
    const oldest = client.refreshToken ?? ''
    for (let round = 0; round < 3; round++) {
      await refresh(client)
      await beyondGrace()
    }
    const answer = await present(service, oldest)
    assertProblem(answer, 401, 'refresh_reused')
    assert.equal(cookieOf(answer, 'refresh_token')?.value, '')
    assert.equal(await alive(client.sessionId), false)
    assertProblem(await present(service, client.refreshToken ?? ''), 401, 'token_not_valid')
    assertProblem(await presentAccess(service, client.access ?? ''), 401, 'token_not_valid')
  })

  await t.test('SES-05 REFRESH_REUSE_GRACE_SECONDS=0 is strict', async t => {
    const strict = await startAppOn(t, service.databaseUrl, { REFRESH_REUSE_GRACE_SECONDS: '0' })
    const client = await signedIn(strict, person)
    const old = client.refreshToken ?? ''
    await refresh(client)
    assertProblem(await present(strict, old), 401, 'refresh_reused')
    assert.equal(await alive(client.sessionId), false)
  })

  await t.test('SES-10 past the absolute lifetime the session is over, and says so', async t => {
    const capped = await startAppOn(t, service.databaseUrl, { JWT_ALLAUTH_SESSION_LIFETIME: '1h' })
    const client = await signedIn(capped, person)
    await capped.advance(3000)
    const answer = await refresh(client)
    assert.equal(answer.statusCode, 200)
    const refreshed = claimsOf(refreshTokenOf(answer))
    const { exp, session_iat } = refreshed
    assert.ok(Number(exp) <= Number(session_iat) + 3600)
    assert.ok(Number(claimsOf(client.access ?? '').exp) <= Number(session_iat) + 3600)
    const last = refreshTokenOf(answer)
    await capped.advance(601)
    // The session's row is read before the token's own `exp`, so the code says which limit ended it.
    const late = await present(capped, last)
    assertProblem(late, 401, 'session_expired')
    assert.equal(cookieOf(late, 'refresh_token')?.value, '')
    assert.equal(await alive(client.sessionId), false)
    assertProblem(await present(capped, last), 401, 'token_not_valid')
  })

  await t.test('SES-11 a session not refreshed for the idle lifetime is over', async t => {
    const short = await startAppOn(t, service.databaseUrl, {
      JWT_ALLAUTH_REFRESH_TOKEN_LIFETIME: '1h',
      JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME: '5m'
    })
    const client = await signedIn(short, person)
    await short.advance(3500)
    assert.equal((await refresh(client)).statusCode, 200)
    const token = client.refreshToken ?? ''
    await short.advance(3601)
    const late = await present(short, token)
    assertProblem(late, 401, 'token_not_valid')
    assert.equal(cookieOf(late, 'refresh_token')?.value, '')
  })

  await t.test(
    'SES-13 a disabled account gets no token and loses every session for good',
    async () => {
      const { person: ada, client } = await newMember(service)
      const other = await signedIn(service, ada)
      const token = client.refreshToken ?? ''
      await service.query('UPDATE "User" SET "isActive" = false WHERE "email" = $1', [ada.email])
      assertProblem(await present(service, token), 401, 'no_active_account')
      await service.query('UPDATE "User" SET "isActive" = true WHERE "email" = $1', [ada.email])
      assertProblem(await present(service, token), 401, 'token_not_valid')
      assertProblem(await refresh(other), 401, 'token_not_valid')
    }
  )

  await t.test('DAT-03 a deleted account: 401, never 500', async () => {
    const { person: ada, client } = await newMember(service)
    const token = client.refreshToken ?? ''
    await service.query('DELETE FROM "User" WHERE "email" = $1', [ada.email])
    assertProblem(await present(service, token), 401, 'token_not_valid')
    assertProblem(await presentAccess(service, client.access ?? ''), 401, 'token_not_valid')
  })

  await t.test('SES-14 role, verification and configured claims are read again', async t => {
    const extended = await startAppOn(t, service.databaseUrl, {
      JWT_ALLAUTH_USER_ATTRIBUTES: 'given_name=first_name'
    })
    const { person: ada } = await newMember(service)
    const client = await signedIn(extended, ada)
    await service.query(
      `UPDATE "User" SET "role" = 1000, "emailVerifiedAt" = NULL, "firstName" = 'Ada' WHERE "email" = $1`,
      [ada.email]
    )
    await refresh(client)
    const { role, role_name, email_verified, given_name } = claimsOf(client.access ?? '')
    assert.deepEqual(
      { role, role_name, email_verified, given_name },
      { role: 1000, role_name: 'staff', email_verified: false, given_name: 'Ada' }
    )
  })

  await t.test('the device of the last refresh is kept', async () => {
    const client = await signedIn(service, person, { address: '192.0.2.7' })
    const answer = await service.inject({
      method: 'POST',
      url,
      headers: { 'user-agent': 'curl/8' },
      cookies: { refresh_token: client.refreshToken ?? '' },
      remoteAddress: '198.51.100.4'
    })
    assert.equal(answer.statusCode, 200)
    const [row] = await service.query('SELECT "ip", "userAgent" FROM "Session" WHERE "id" = $1', [
      client.sessionId
    ])
    assert.deepEqual(row, { ip: '198.51.100.4', userAgent: 'curl/8' })
  })

  await t.test(
    'SES-19 CAP-04 what another site made a browser send is refused and consumes nothing',
    async () => {
      const client = await signedIn(service, person)
      const from = (headers: Record<string, string>, payload: object | string = {}) =>
        service.app.inject({
          method: 'POST',
          url,
          payload,
          headers: { 'content-type': 'application/json', ...headers },
          cookies: { refresh_token: client.refreshToken ?? '' }
        })
      const foreign = [
        { origin: 'https://evil.example' },
        { origin: 'null' },
        { origin: 'http://localhost:3000.evil.example' },
        { origin: 'https://localhost:3000x' },
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
        { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
        { origin: 'https://evil.example', 'content-type': 'text/plain' }
      ]
      for (const headers of foreign) {
        const answer = await from(headers)
        assertProblem(answer, 403, 'cross_site_request')
        assert.equal(answer.headers['set-cookie'], undefined)
      }
      const ours = [
        { origin: 'http://localhost:3000' },
        { origin: 'http://127.0.0.1:3000' },
        { origin: 'http://[::1]:3000', 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-origin' },
        { 'sec-fetch-site': 'none' }
      ]
      for (const headers of ours)
        assert.equal((await from(headers)).statusCode, 200, JSON.stringify(headers))
    }
  )

  await t.test('SES-19 in production only PUBLIC_URL and CORS_ORIGINS are our own', async t => {
    const production = await startAppOn(t, service.databaseUrl, {
      NODE_ENV: 'production',
      RATE_LIMIT_ENABLED: 'true',
      EMAIL_DISABLED: 'true',
      PUBLIC_URL: 'https://id.example',
      CORS_ORIGINS: 'https://app.example'
    })
    const client = await signedIn(production, person)
    const from = (origin: string) =>
      production.inject({
        method: 'POST',
        url,
        headers: { origin },
        cookies: { refresh_token: client.refreshToken ?? '' }
      })
    for (const origin of [
      'http://localhost:3000',
      'http://id.example',
      'https://app.example:8443',
      'https://id.example.evil'
    ])
      assertProblem(await from(origin), 403, 'cross_site_request')
    for (const origin of ['https://id.example', 'https://app.example'])
      assert.equal((await from(origin)).statusCode, 200, origin)
  })

  await t.test(
    'CAP-08 two refresh cookies with two values are refused, and neither is used',
    async () => {
      const client = await signedIn(service, person)
      const other = await signedIn(service, person)
      const [mine, tossed] = [client.refreshToken ?? '', other.refreshToken ?? '']
      const pairs = [
        `refresh_token=x; refresh_token=${mine}`,
        `refresh_token=${mine}; refresh_token=x`,
        `refresh_token=${tossed}; refresh_token=${mine}`,
        `refresh_token =${tossed}; refresh_token=${mine}`,
        `refresh_token=${mine}; other=1;refresh_token=${tossed}`
      ]
      for (const cookie of pairs) {
        const answer = await service.inject({ method: 'POST', url, headers: { cookie } })
        assertProblem(answer, 400, 'refresh_missing')
        assert.equal(answer.headers['set-cookie'], undefined)
      }
      const bearer = { authorization: `Bearer ${other.access}` }
      const out = { method: 'POST', url: '/logout/' } as const
      const signOut = await service.inject({
        ...out,
        headers: { cookie: pairs[0] ?? '', ...bearer }
      })
      assert.equal(signOut.statusCode, 200, 'whoever proves a session by bearer ends it')
      const twice = `refresh_token=${mine}; refresh_token=${mine}`
      assert.equal(
        (await service.inject({ method: 'POST', url, headers: { cookie: twice } })).statusCode,
        200
      )
      assertProblem(await refresh(other), 401, 'token_not_valid')
    }
  )
})
