import assert from 'node:assert/strict'
import test from 'node:test'
import { startApp, startAppOn } from '../support/app.js'
import { assertProblem, cookieOf, patient } from '../support/expect.js'
import {
  endSession,
  listSessions,
  newMember,
  presentAccess,
  refresh,
  revokeOthers,
  signedIn
} from '../support/people.js'

type Item = Record<string, unknown> & { id: string; current: boolean; last_used_at: string }

const agents: [agent: string, browser: string | null, os: string | null, device: string | null][] =
  [
    [
      'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
      'Firefox 140',
      'Linux',
      'desktop'
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
      'Safari 18',
      'macOS Catalina',
      'Apple'
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1',
      'Safari 18',
      'iOS 18.5',
      'Apple iPhone'
    ],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0',
      'Microsoft Edge 138',
      'Windows 10',
      'desktop'
    ],
    ['curl/8.5.0', null, null, null],
    ['<script>alert(1)</script>', null, null, null]
  ]

test('sessions', async t => {
  const service = await startApp(t, patient)

  await t.test('the list shows the live ones, the most recently used first', async () => {
    const { person, client } = await newMember(service, { transport: 'body' })
    await service.advance(1)
    const agent = agents[0]?.[0] ?? ''
    const other = await signedIn(service, person, {
      address: '192.0.2.7',
      headers: { 'user-agent': agent }
    })
    const answer = await listSessions(other)
    assert.equal(answer.statusCode, 200)
    const { results, next } = answer.json() as { results: Item[]; next: null }
    assert.equal(next, null)
    assert.deepEqual(
      results.map(({ id, current, transport }) => ({ id, current, transport })),
      [
        { id: other.sessionId, current: true, transport: 'cookie' },
        { id: client.sessionId, current: false, transport: 'body' }
      ]
    )
    const { id, current, created_at, last_used_at, expires_at, ...rest } = results[0] as Item
    assert.deepEqual(rest, {
      transport: 'cookie',
      amr: ['pwd'],
      ip: '192.0.2.7',
      browser: 'Firefox 140',
      os: 'Linux',
      device: 'desktop'
    })
    assert.equal(created_at, last_used_at)
    assert.equal(Date.parse(String(expires_at)) - Date.parse(String(created_at)), 14 * 86_400_000)
    await service.advance(1)
    await refresh(client)
    const [first] = (await listSessions(client)).json().results
    assert.equal(first.id, client.sessionId)
    assert.ok(Date.parse(first.last_used_at) > Date.parse(first.created_at))
  })

  await t.test('devices are told apart by their user agent', async () => {
    const { person } = await newMember(service)
    for (const [agent, browser, os, device] of agents) {
      const client = await signedIn(service, person, { headers: { 'user-agent': agent } })
      const { results } = (await listSessions(client)).json() as { results: Item[] }
      const current = results.find(item => item.current)
      const { browser: b, os: o, device: d } = current as Item
      assert.deepEqual([b, o, d], [browser, os, device], agent)
    }
  })

  await t.test(
    'with JWT_ALLAUTH_COLLECT_USER_AGENT=false there is nothing of the device to show',
    async t => {
      const { person } = await newMember(service)
      const discreet = await startAppOn(t, service.databaseUrl, {
        JWT_ALLAUTH_COLLECT_USER_AGENT: 'false'
      })
      const client = await signedIn(discreet, person, { headers: { 'user-agent': 'curl/8' } })
      const { results } = (await listSessions(client)).json() as { results: Item[] }
      const { ip, browser, os, device } = results.find(item => item.current) as Item
      assert.deepEqual(
        { ip, browser, os, device },
        { ip: null, browser: null, os: null, device: null }
      )
    }
  )

  await t.test('sessions that are over, and those of other people, are not in it', async () => {
    const { client, person } = await newMember(service)
    await newMember(service)
    const late = await signedIn(service, person)
    await service.query(
      `UPDATE "Session" SET "expiresAt" = now() - interval '1 day' WHERE "id" = $1`,
      [late.sessionId]
    )
    const { results } = (await listSessions(client)).json()
    assert.deepEqual(
      results.map((item: Item) => item.id),
      [client.sessionId]
    )
  })

  await t.test('DELETE ends one session: 204, and 404 the next time', async () => {
    const { person, client } = await newMember(service)
    const other = await signedIn(service, person)
    const answer = await endSession(client, other.sessionId)
    assert.equal(answer.statusCode, 204)
    assert.equal(answer.body, '')
    assert.equal(answer.headers['set-cookie'], undefined)
    assertProblem(await presentAccess(service, other.access ?? ''), 401, 'token_not_valid')
    assertProblem(await refresh(other), 401, 'token_not_valid')
    assertProblem(await endSession(client, other.sessionId), 404, 'not_found')
    assert.equal((await listSessions(client)).statusCode, 200)
  })

  await t.test('DELETE of the own session clears the cookie, in any case of the id', async () => {
    const { client } = await newMember(service)
    const answer = await endSession(client, client.sessionId.toUpperCase())
    assert.equal(answer.statusCode, 204)
    assert.equal(cookieOf(answer, 'refresh_token')?.value, '')
    assertProblem(await listSessions(client), 401, 'token_not_valid')
  })

  await t.test(
    "somebody else's session, or what is none, is not found and not touched",
    async () => {
      const { client } = await newMember(service)
      const { client: theirs } = await newMember(service)
      const unknown = '019330a1-7b1c-7e3a-9c1f-2f6f1d9b1a11'
      for (const id of [theirs.sessionId, unknown, 'x', '1', "' OR 1=1 --", '%00', `${unknown}x`]) {
        assertProblem(await endSession(client, id), 404, 'not_found')
      }
      assert.equal((await listSessions(theirs)).statusCode, 200)
    }
  )

  await t.test('revoke-others ends all but this one and says how many', async () => {
    const { person, client } = await newMember(service)
    const others = [await signedIn(service, person), await signedIn(service, person)]
    const answer = await revokeOthers(client)
    assert.equal(answer.statusCode, 200)
    assert.deepEqual(answer.json(), { detail: 'All other sessions were ended.', revoked: 2 })
    for (const other of others) assertProblem(await listSessions(other), 401, 'token_not_valid')
    assert.equal((await listSessions(client)).json().results.length, 1)
    assert.deepEqual((await revokeOthers(client)).json().revoked, 0)
  })

  await t.test('all of it asks for a bearer', async () => {
    const requests = [
      { method: 'GET' as const, url: '/sessions/' },
      { method: 'DELETE' as const, url: '/sessions/019330a1-7b1c-7e3a-9c1f-2f6f1d9b1a11/' },
      { method: 'POST' as const, url: '/sessions/revoke-others/', payload: {} }
    ]
    for (const request of requests)
      assertProblem(await service.inject(request), 401, 'not_authenticated')
  })
})
