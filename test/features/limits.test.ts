import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import test from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { pingRedis } from '../../src/limits/redis-counter.js'
import { startApp, startAppOn, type TestApp } from '../support/app.js'
import { atEnd } from '../support/at-end.js'
import { assertProblem } from '../support/expect.js'
import { freePort } from '../support/free-port.js'
import {
  changePassword,
  newClient,
  newMember,
  newPerson,
  presentAccess,
  refresh,
  signIn
} from '../support/people.js'

import { statementsOf } from '../support/statements.js'
import { until } from '../support/until.js'

type Try = {
  readonly email?: string
  readonly password?: string
  readonly address?: string
  readonly headers?: Record<string, string>
  readonly cookies?: Record<string, string>
}

const wrong = 'another purple hat'

const login = (
  service: TestApp,
  { email, password = wrong, address, headers, cookies }: Try = {}
) =>
  service.inject({
    method: 'POST',
    url: '/login/',
    payload: { email: email ?? newPerson().email, password },
    headers: headers ?? {},
    cookies: cookies ?? {},
    remoteAddress: address ?? '192.0.2.1'
  })

/** How many tries of a series were let through before the first that was not. */
async function triesBefore429(
  most: number,
  attempt: (n: number) => Promise<{ statusCode: number }>
) {
  for (let n = 0; n < most; n++) {
    if ((await attempt(n)).statusCode === 429) return n
  }
  return most
}

const nthAddress = (n: number) => `198.51.${100 + Math.floor(n / 250)}.${(n % 250) + 1}`

test('failures', async t => {
  const service = await startApp(t, { LOGIN_FAILURES_PER_NETWORK: '10/15m' })

  await t.test(
    'BRF-01 BRF-13 one account from ever new addresses: exactly as many as it may have',
    async () => {
      const { person } = await newMember(service)
      const attempt = (n: number) => login(service, { email: person.email, address: nthAddress(n) })
      assert.equal(await triesBefore429(100, attempt), 20)
      const right = await login(service, { ...person, address: '203.0.113.9' })
      assertProblem(right, 429, 'throttled')
    }
  )

  await t.test('ENU-09 an address without an account is throttled at the same try', async () => {
    const { email } = newPerson()
    const attempt = (n: number) => login(service, { email, address: nthAddress(300 + n) })
    assert.equal(await triesBefore429(100, attempt), 20)
  })

  await t.test('BRF-02 one network over many accounts', async () => {
    assert.equal(await triesBefore429(100, () => login(service, { address: '203.0.113.20' })), 10)
  })

  await t.test(
    'BRF-04 a success of somebody gives back their own try and nobody else’s',
    async () => {
      const { person: mallory } = await newMember(service)
      const { person } = await newMember(service)
      const address = '203.0.113.30'
      const attempt = async () => {
        assert.ok([200, 429].includes((await login(service, { ...mallory, address })).statusCode))
        return login(service, { email: person.email, address })
      }
      assert.equal(await triesBefore429(50, attempt), 5)
    }
  )

  await t.test(
    'BRF-09 waiting as long as Retry-After says is enough, and trying early makes it no longer',
    async () => {
      const { person } = await newMember(service)
      const address = '203.0.113.40'
      await triesBefore429(50, () => login(service, { email: person.email, address }))
      let seconds = 0
      for (let n = 0; n < 5; n++) {
        const answer = await login(service, { ...person, address })
        assertProblem(answer, 429, 'throttled')
        seconds = Number(answer.headers['retry-after'])
        assert.ok(answer.json().detail.includes(`${seconds} seconds`))
      }
      assert.ok(seconds >= 1 && seconds <= 60)
      await service.advance(seconds)
      assert.equal((await login(service, { ...person, address })).statusCode, 200)
    }
  )

  await t.test(
    'BRF-10 each further failure waits twice as long, at most a quarter of an hour; the waits shrink again',
    async () => {
      const { person } = await newMember(service)
      const address = '203.0.113.50'
      const waits: number[] = []
      await triesBefore429(50, () => login(service, { email: person.email, address }))
      for (let n = 0; n < 7; n++) {
        const refused = await login(service, { email: person.email, address })
        waits.push(Number(refused.headers['retry-after']))
        await service.advance(waits.at(-1) ?? 0)
        assert.equal((await login(service, { email: person.email, address })).statusCode, 401)
      }
      // The budget refills while the test runs, so a wait is a little shorter on a slow machine.
      for (const [n, wait] of [60, 120, 240, 480, 900, 900, 900].entries())
        assert.ok((waits[n] ?? 0) > wait * 0.7 && (waits[n] ?? 0) <= wait, `${waits}`)
      const next = async (idle: number) => {
        await service.advance(idle)
        assert.equal((await login(service, { email: person.email, address })).statusCode, 401)
        return Number((await login(service, { ...person, address })).headers['retry-after'])
      }
      assert.ok((await next(900 + 600)) <= 2 * 300)
      await service.advance(3600)
      assert.equal(
        await triesBefore429(50, () => login(service, { email: person.email, address })),
        5
      )
      assert.equal((await login(service, { ...person, address: '203.0.113.51' })).statusCode, 200)
    }
  )

  await t.test('BRF-08 another instance, and one that was started since, count alike', async t => {
    const { person } = await newMember(service)
    const address = '203.0.113.60'
    const other = await startAppOn(t, service.databaseUrl)
    const instances = [service, other]
    const attempt = (n: number) =>
      login(instances[n % 2] as TestApp, { email: person.email, address })
    assert.equal(await triesBefore429(50, attempt), 5)
    const restarted = await startAppOn(t, service.databaseUrl)
    assertProblem(await login(restarted, { ...person, address }), 429, 'throttled')
  })

  await t.test('BRF-10 a device that signed in before has a budget of its own', async () => {
    const { person, client } = await newMember(service)
    const known = { known_device: client.cookies.get('known_device') ?? '' }
    await triesBefore429(100, n =>
      login(service, { email: person.email, address: nthAddress(600 + n) })
    )
    assertProblem(await login(service, { ...person, address: '203.0.113.70' }), 429, 'throttled')
    const answer = await login(service, { ...person, address: '203.0.113.70', cookies: known })
    assert.equal(answer.statusCode, 200)
    assert.equal((await refresh(client)).statusCode, 200)
    assert.equal((await presentAccess(service, client.access ?? '')).statusCode, 200)
    // And it is a budget: who holds the device does not guess for ever.
    const guess = (n: number) =>
      login(service, { email: person.email, address: nthAddress(700 + n), cookies: known })
    assert.equal(await triesBefore429(50, guess), 5)
  })

  await t.test(
    'BRF-15 forty cookies of one account share ten guesses, and none after a reset of the password',
    async () => {
      const { person, client } = await newMember(service)
      const cookies: Record<string, string>[] = []
      for (let n = 0; n < 40; n++) {
        const device = newClient(service, { address: nthAddress(1200 + n) })
        assert.equal((await signIn(device, person)).statusCode, 200)
        cookies.push({ known_device: device.cookies.get('known_device') ?? '' })
      }
      const guess = (n: number) =>
        login(service, {
          email: person.email,
          address: nthAddress(1300 + n),
          cookies: cookies[n % 40] ?? {}
        })
      assert.equal(await triesBefore429(40, guess), 10)
      // The ceiling is none for strangers, nor for the owner at a device that is new.
      assert.equal((await login(service, { ...person, address: '203.0.113.72' })).statusCode, 200)

      await service.advance(600)
      const old = client.cookies.get('known_device') ?? ''
      assert.equal((await changePassword(client, person, 'enormous violet gown')).statusCode, 200)
      const own = { known_device: client.cookies.get('known_device') ?? '' }
      // Twenty guesses are what strangers have on the account from wherever.
      const after = (n: number) =>
        login(service, {
          email: person.email,
          address: nthAddress(1400 + n),
          cookies: cookies[n % 40] ?? {}
        })
      assert.equal(await triesBefore429(160, after), 20)
      const stale = { ...person, address: '203.0.113.73', cookies: { known_device: old } }
      assertProblem(await login(service, stale), 429, 'throttled')
      assert.equal(
        (await login(service, { ...person, address: '203.0.113.74', cookies: own })).statusCode,
        200
      )
    }
  )

  await t.test('BRF-15 known devices of a network share ten times its budget', async t => {
    const few = await startAppOn(t, service.databaseUrl, { LOGIN_FAILURES_PER_NETWORK: '1/15m' })
    const address = '203.0.113.75'
    const devices: Try[] = []
    for (let n = 0; n < 3; n++) {
      const { person, client } = await newMember(few)
      const known_device = client.cookies.get('known_device') ?? ''
      devices.push({ email: person.email, address, cookies: { known_device } })
    }
    assert.equal(await triesBefore429(12, n => login(few, devices[n % 3])), 10)
  })

  await t.test('BRF-15 a device stays known when the address of its account changes', async t => {
    const unverified = await startAppOn(t, service.databaseUrl, { EMAIL_VERIFICATION: 'none' })
    const { person, client } = await newMember(unverified)
    const email = newPerson().email
    assert.equal((await client.send('PATCH', '/user/', { email })).statusCode, 200)
    assert.equal((await signIn(client, { ...person, email })).statusCode, 200)
    await triesBefore429(100, n => login(service, { email, address: nthAddress(1600 + n) }))
    const known = { known_device: client.cookies.get('known_device') ?? '' }
    assert.equal((await login(service, { ...person, email, cookies: known })).statusCode, 200)
  })

  await t.test(
    'BRF-10 it is known for its own accounts only, and a forged or broken one for none',
    async () => {
      const { client: mallory } = await newMember(service)
      const { person, client } = await newMember(service)
      await triesBefore429(100, n =>
        login(service, { email: person.email, address: nthAddress(800 + n) })
      )
      const genuine = client.cookies.get('known_device') ?? ''
      const [header, payload] = genuine.split('.')
      const forgeries = [
        mallory.cookies.get('known_device') ?? '',
        mallory.refreshToken ?? '',
        `${genuine}x`,
        `${header}.${payload}.`,
        'nonsense',
        ''
      ]
      for (const known_device of forgeries) {
        const answer = await login(service, {
          ...person,
          address: '203.0.113.80',
          cookies: { known_device }
        })
        assertProblem(answer, 429, 'throttled')
      }
    }
  )

  await t.test(
    'CAP-08 a broken known_device cookie stops no sign-in and is replaced; two different ones count as none',
    async () => {
      const { person, client } = await newMember(service)
      const genuine = client.cookies.get('known_device') ?? ''
      const address = '203.0.113.90'
      for (const broken of ['nonsense', '%00', `${genuine}x`, '']) {
        const answer = await login(service, {
          ...person,
          address,
          cookies: { known_device: broken }
        })
        assert.equal(answer.statusCode, 200)
        assert.match(String(answer.headers['set-cookie']), /known_device=ey/)
      }
      const cookie = `known_device=nonsense; known_device=${genuine}`
      const twins = await login(service, { ...person, address, headers: { cookie } })
      assert.equal(twins.statusCode, 200)
      assert.match(String(twins.headers['set-cookie']), /known_device=ey/)
    }
  )

  await t.test('a known device remembers several accounts', async () => {
    const [one, two] = [(await newMember(service)).person, (await newMember(service)).person]
    const client = newClient(service, { address: '203.0.113.100' })
    assert.equal((await signIn(client, one)).statusCode, 200)
    assert.equal((await signIn(client, two)).statusCode, 200)
    const known = { known_device: client.cookies.get('known_device') ?? '' }
    for (const person of [one, two]) {
      await triesBefore429(100, n =>
        login(service, { email: person.email, address: nthAddress(900 + n) })
      )
      assert.equal((await login(service, { ...person, cookies: known })).statusCode, 200)
    }
  })

  await t.test('BRF-05 without a trusted proxy no header changes the network', async () => {
    const spoof = (n: number) => ({
      'x-forwarded-for': nthAddress(n),
      'x-real-ip': nthAddress(n),
      forwarded: `for=${nthAddress(n)}`,
      'cf-connecting-ip': nthAddress(n),
      'true-client-ip': nthAddress(n)
    })
    const attempt = (n: number) => login(service, { address: '203.0.113.110', headers: spoof(n) })
    assert.equal(await triesBefore429(50, attempt), 10)
  })

  await t.test(
    'BRF-06 behind a trusted proxy the right-most entry that is no proxy counts',
    async t => {
      const proxied = await startAppOn(t, service.databaseUrl, {
        TRUST_PROXY: '10.0.0.0/8, fd00::/8',
        LOGIN_FAILURES_PER_NETWORK: '10/15m'
      })
      const through = (n: number) => ({
        address: '10.1.2.3',
        headers: { 'x-forwarded-for': `${nthAddress(n)}, 127.0.0.1, 203.0.113.120, 10.9.9.9` }
      })
      assert.equal(await triesBefore429(50, n => login(proxied, through(n))), 10)
      const beside = { address: '10.1.2.3', headers: { 'x-forwarded-for': '203.0.113.121' } }
      assert.equal((await login(proxied, beside)).statusCode, 401)
      // A peer that is no proxy is the network itself, whatever it claims.
      const direct = (n: number) => ({
        address: '203.0.113.122',
        headers: { 'x-forwarded-for': nthAddress(n) }
      })
      assert.equal(await triesBefore429(50, n => login(proxied, direct(n))), 10)
    }
  )

  await t.test(
    'BRF-06 an entry is read as proxies write it: with a port, in brackets, quoted; one without an address is its proxy',
    async t => {
      const settings = { TRUST_PROXY: '10.0.0.0/8', LOGIN_FAILURES_PER_NETWORK: '1/15m' }
      const proxied = await startAppOn(t, service.databaseUrl, settings)
      const rfc7239 = await startAppOn(t, service.databaseUrl, {
        ...settings,
        TRUST_PROXY_HEADER: 'Forwarded'
      })
      let proxy = 0
      /** Two tries behind a proxy of their own: are they one network? */
      const areOne = async (on: TestApp, header: string, ...entries: readonly string[]) => {
        const address = `10.3.${proxy >> 8}.${proxy++ & 255}`
        const codes = []
        for (const entry of entries)
          codes.push((await login(on, { address, headers: { [header]: entry } })).statusCode)
        assert.equal(codes[0], 401, entries[0])
        return codes[1] === 429
      }
      const written = [
        ['203.0.113.11:40001', '203.0.113.11', '203.0.113.12:40001'],
        ['[2001:db8:20::1]:443', '2001:db8:20::9', '[2001:db8:21::1]:443'],
        ['"[2001:db8:22::1]:443"', '[2001:db8:22::5]', '2001:db8:23::1%eth0'],
        ['203.0.113.13, 10.0.0.9:443', '203.0.113.13:1', '203.0.113.14, 10.0.0.9:443']
      ] as const
      for (const [one, same, other] of written) {
        assert.equal(await areOne(proxied, 'x-forwarded-for', one, same), true, one)
        assert.equal(await areOne(proxied, 'x-forwarded-for', other, 'unknown'), false, other)
      }
      for (const none of [
        'unknown',
        '_hidden',
        '',
        '1',
        '203.0.113.999',
        '[203.0.113.1',
        'a.b.c'
      ]) {
        assert.equal(await areOne(proxied, 'x-forwarded-for', none, 'unknown'), true, none)
        // A client of another proxy is another network.
        assert.equal(await areOne(proxied, 'x-forwarded-for', none, '203.0.113.15'), false)
        await service.query('DELETE FROM "AttemptBudget"')
      }
      const elements = [
        ['for=203.0.113.31', 'For="203.0.113.31:4711";proto=https;by=10.0.0.1'],
        ['for="[2001:db8:30::17]:4711"', 'proto=http; for="[2001:db8:30::1]"'],
        ['for=192.0.2.43, for="203.0.113.32:_x"', 'for=unknown, for=203.0.113.32;host=a'],
        // A quote that the client opens does not swallow what the proxy writes.
        ['for=203.0.113.33;x=", for="203.0.113.34"', 'for=203.0.113.34'],
        ['for=_hidden', 'for=unknown'],
        ['for=unknown', 'by=203.0.113.35']
      ] as const
      for (const [one, same] of elements)
        assert.equal(await areOne(rfc7239, 'forwarded', one, same), true, one)
      // Only the chosen header counts.
      const both = (n: number) => ({
        address: '10.4.0.1',
        headers: { 'x-forwarded-for': '203.0.113.36', forwarded: `for=${nthAddress(n)}` }
      })
      assert.equal(await triesBefore429(9, n => login(proxied, both(n))), 1)
    }
  )

  await t.test('BRF-07 a /64 is one network, however its addresses are spelt', async () => {
    const within = (n: number) => `2001:db8:1:2:${(n * 977).toString(16)}::${n + 1}`
    assert.equal(await triesBefore429(50, n => login(service, { address: within(n) })), 10)
    const beside = await login(service, { address: '2001:db8:1:3::1' })
    assert.equal(beside.statusCode, 401)
    const spellings = [
      '2001:db8:9::1',
      '2001:0db8:0009:0000:0000:0000:0000:0001',
      '2001:DB8:9::1',
      '2001:db8:9:0:0:0:0.0.0.1'
    ]
    const attempt = (n: number) =>
      login(service, { address: spellings[n % spellings.length] ?? '' })
    assert.equal(await triesBefore429(50, attempt), 10)
    const mapped = (n: number) => (n % 2 === 0 ? '::ffff:203.0.113.130' : '203.0.113.130')
    assert.equal(await triesBefore429(50, n => login(service, { address: mapped(n) })), 10)
  })
})

const limited = {
  RATE_LIMIT_ENABLED: 'true',
  RATE_LIMIT_LOGIN: '4/min',
  RATE_LIMIT_REGISTRATION: '3/hour',
  RATE_LIMIT_REFRESH: '5/min',
  RATE_LIMIT_DEFAULT: '6/min'
}
const stores = process.env.TEST_REDIS_URL === undefined ? ['database'] : ['database', 'Redis']

for (const store of stores) {
  // A Redis that was here before this run remembers its networks for an hour.
  const run = randomInt(1 << 16)
  const address = (n: number) => `10.${run >> 8}.${run & 255}.${n}`
  const settings = {
    ...limited,
    ...(store === 'Redis' ? { REDIS_URL: process.env.TEST_REDIS_URL ?? '' } : {})
  }

  test(`requests counted in the ${store}`, async t => {
    const service = await startApp(t, settings)
    const until429 = (
      n: number,
      method: 'GET' | 'POST' | 'PUT' | 'DELETE',
      url: string,
      on = service
    ) => triesBefore429(20, () => on.inject({ method, url, remoteAddress: address(n) }))

    await t.test(
      'BRF-14 every route has its limit: refresh, sign-out, unknown paths, other methods',
      async () => {
        assert.equal(await until429(1, 'POST', '/login/'), 4)
        assert.equal(await until429(1, 'POST', '/registration/'), 3)
        assert.equal(await until429(1, 'POST', '/refresh/'), 5)
        assert.equal(await until429(1, 'GET', '/user/'), 6)
        assert.equal(await until429(2, 'POST', '/logout/'), 6)
        assert.equal(await until429(3, 'GET', '/nowhere'), 6)
        const unreadable = () =>
          service.inject({
            method: 'POST',
            url: '/nowhere',
            remoteAddress: address(8),
            headers: { 'content-type': 'application/json' },
            payload: '{'
          })
        assert.equal(await triesBefore429(20, unreadable), 6)
        assert.equal(await until429(4, 'PUT', '/login/'), 6)
        assert.equal(await until429(5, 'DELETE', '/sessions/x/'), 6)
        assert.equal(await until429(6, 'GET', '/.well-known/jwks.json'), 6)
        assert.equal(await until429(7, 'GET', '/docs/json'), 6)
      }
    )

    await t.test('HTP-23 a path in another spelling shares the budget or is none', async () => {
      const spellings = ['/login/', '/login', '/%6cogin/', '/login/?x=1', '/login?', '/lo%67in']
      const attempt = (n: number) =>
        service.inject({
          method: 'POST',
          url: spellings[n % spellings.length] ?? '',
          remoteAddress: address(10)
        })
      assert.equal(await triesBefore429(20, attempt), 4)
    })

    await t.test(
      'BRF-14 a valid client in another network is not in the way of a flood',
      async () => {
        const { client } = await newMember(service, { address: address(20) })
        await until429(21, 'POST', '/refresh/')
        assert.equal((await refresh(client)).statusCode, 200)
      }
    )

    await t.test(
      'BRF-08 instances share the counts, a restart and other keys forget none',
      async t => {
        const other = await startAppOn(t, service.databaseUrl, settings)
        const instances = [service, other]
        const attempt = (n: number) =>
          (instances[n % 2] as TestApp).inject({
            method: 'POST',
            url: '/refresh/',
            remoteAddress: address(30)
          })
        assert.equal(await triesBefore429(20, attempt), 5)
        await Promise.all(
          Array.from({ length: 500 }, (_, n) =>
            service.inject({
              method: 'POST',
              url: '/refresh/',
              remoteAddress: `2001:db8:${n.toString(16)}::1`
            })
          )
        )
        const restarted = await startAppOn(t, service.databaseUrl, settings)
        for (const instance of [service, other, restarted])
          assert.equal(await until429(30, 'POST', '/refresh/', instance), 0)
      }
    )

    await t.test('BRF-09 the 429 has the one body and a truthful Retry-After', async () => {
      await until429(40, 'POST', '/login/')
      const answer = await service.inject({
        method: 'POST',
        url: '/login/',
        remoteAddress: address(40)
      })
      assertProblem(answer, 429, 'throttled')
      const seconds = Number(answer.headers['retry-after'])
      assert.ok(seconds >= 1 && seconds <= 60)
      assert.equal(
        Object.keys(answer.headers).some(name => name.startsWith('x-ratelimit')),
        false
      )
      if (store === 'Redis') return // whose clock a test cannot turn
      await service.advance(seconds)
      assert.equal(await until429(40, 'POST', '/login/'), 4)
    })
  })
}

test('BRF-12 when the store fails, requests are counted in the process', async t => {
  const service = await startApp(t, limited)
  await service.query('ALTER TABLE "RequestCount" RENAME TO "Away"')
  const attempt = () => login(service, { address: '192.0.2.77' })
  assert.equal(await triesBefore429(20, attempt), 4)
  const refused = await attempt()
  await service.advance(Number(refused.headers['retry-after']))
  assert.equal(await triesBefore429(20, attempt), 4)
})

test('BRF-12 and when Redis is not there at all', async t => {
  const service = await startApp(t, { ...limited, REDIS_URL: 'redis://127.0.0.1:1' })
  assert.equal(await triesBefore429(20, () => login(service)), 4)
  await pause(1000) // in which it tries to connect a few times
  assert.deepEqual(toldOf(service), ['fails'])
  await service.advance(61)
  await login(service)
  assert.deepEqual(toldOf(service), ['fails', 'fails'])
})

test('BRF-12 a Redis that freezes costs one time limit, then nothing until it is back', {
  skip: existsSync('/usr/bin/redis-server') ? false : 'redis-server is not installed'
}, async t => {
  const port = await freePort()
  const args = ['--port', String(port), '--save', '', '--bind', '127.0.0.1']
  const redis = spawn('/usr/bin/redis-server', args, { stdio: 'ignore' })
  atEnd(t, () => redis.kill('SIGKILL'))
  const url = `redis://127.0.0.1:${port}`
  await until('Redis answers', () =>
    pingRedis(url).then(
      () => true,
      () => false
    )
  )
  const plenty = { ...limited, RATE_LIMIT_DEFAULT: '100000/min', REDIS_URL: url }
  const service = await startApp(t, plenty)
  const request = () => service.inject({ method: 'GET', url: '/user/' })
  await request()
  redis.kill('SIGSTOP')
  await request()
  const before = Date.now()
  for (let n = 0; n < 10; n++) await request()
  assert.ok(Date.now() - before < 3000, 'ten more did not wait 500 ms each')
  assert.deepEqual(toldOf(service), ['fails'])
  redis.kill('SIGCONT')
  await until('it counts in Redis again', async () => {
    await request()
    return toldOf(service).includes('works')
  })
})

/** What the log says of the counter that instances share, in order. */
const toldOf = ({ logs }: TestApp) =>
  logs.flatMap(line => /shared counter of requests (fails|works)/.exec(line)?.[1] ?? [])

test('a shared counter that fails is told once a minute, and once when it works again', async t => {
  const service = await startApp(t, { ...limited, RATE_LIMIT_DEFAULT: '1000/min' })
  const requests = async () => {
    for (let n = 0; n < 3; n++) {
      await login(service)
      await service.inject({ method: 'GET', url: '/user/' })
    }
    await pause(300) // those that went ahead are handed over
  }
  await requests()
  await service.query('ALTER TABLE "RequestCount" RENAME TO "Away"')
  await requests()
  await requests()
  assert.deepEqual(toldOf(service), ['fails'])
  await service.advance(61)
  await requests()
  assert.deepEqual(toldOf(service), ['fails', 'fails'])
  await service.query('ALTER TABLE "Away" RENAME TO "RequestCount"')
  await requests()
  assert.deepEqual(toldOf(service), ['fails', 'fails', 'works'])
})

test('BRF-15 a sign-in is two statements, from a known device as from any other', async t => {
  const service = await startApp(t)
  const { person, client } = await newMember(service)
  const known_device = client.cookies.get('known_device') ?? ''
  const two = ['reserve-attempts-and-read-account', 'create-session-mfa-disabled']
  for (const cookies of [{}, { known_device }]) {
    const statements = await statementsOf(() => login(service, { ...person, cookies }))
    assert.deepEqual(
      statements.map(({ name }) => name),
      two
    )
  }
})

test('BRF-08 a block that an earlier version has written outlasts the upgrade', async t => {
  const service = await startApp(t)
  const { person } = await newMember(service)
  assert.equal((await login(service, { email: person.email })).statusCode, 401)
  const asBefore = (failures: number, blocked: string | null) =>
    service.query(
      `UPDATE "AttemptBudget" SET "fullAt" = NULL, "waitSeconds" = NULL, "failures" = ${failures},
        "blockedUntil" = now() + ${blocked === null ? 'NULL' : `interval '${blocked}'`}, "expiresAt" = now() + interval '10 minutes'`
    )
  await asBefore(5, '70 seconds')
  const refused = await login(service, person)
  assertProblem(refused, 429, 'throttled')
  assert.ok([69, 70].includes(Number(refused.headers['retry-after'])))
  await service.advance(Number(refused.headers['retry-after']))
  assert.equal((await login(service, person)).statusCode, 200)
  await asBefore(2, null)
  assert.equal(await triesBefore429(9, () => login(service, { email: person.email })), 3)
})
