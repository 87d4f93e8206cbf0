import assert from 'node:assert/strict'
import net from 'node:net'
import test from 'node:test'
import { buildApp } from '../../src/app.js'
import { loadConfig } from '../../src/base/config/load.js'
import { secretKey, startApp } from '../support/app.js'
import { atEnd } from '../support/at-end.js'
import { advanceDatabaseClock } from '../support/database.js'
import { assertProblem } from '../support/expect.js'

test('health', async t => {
  const service = await startApp(t, { RATE_LIMIT_ENABLED: 'true', RATE_LIMIT_DEFAULT: '3/min' })

  await t.test('live and ready say ok, without being counted', async () => {
    for (let n = 0; n < 5; n++) {
      for (const url of ['/health/live', '/health/ready', '/health/live/']) {
        const answer = await service.inject({ method: 'GET', url })
        assert.equal(answer.statusCode, 200)
        assert.deepEqual(answer.json(), { status: 'ok' })
      }
    }
  })

  await t.test('HTP-22 tell nothing of versions, hosts or settings', async () => {
    const { body, headers } = await service.inject({ method: 'GET', url: '/health/ready' })
    assert.equal(body, '{"status":"ok"}')
    assert.equal(headers.server, undefined)
    assert.equal(headers['x-powered-by'], undefined)
  })
})

test('FLT-27 an instance whose clock is more than a minute off is not ready, says why, and comes back', async t => {
  const service = await startApp(t)
  const ready = () => service.inject({ method: 'GET', url: '/health/ready' })
  for (const seconds of [50, -100]) {
    await advanceDatabaseClock(service.databaseUrl, seconds * 1000)
    assert.equal((await ready()).statusCode, 200)
  }
  for (const seconds of [3650, -7200]) {
    await advanceDatabaseClock(service.databaseUrl, seconds * 1000)
    for (let n = 0; n < 2; n++) assertProblem(await ready(), 503, 'unavailable')
    assert.equal((await service.inject({ method: 'GET', url: '/health/live' })).statusCode, 200)
  }
  await advanceDatabaseClock(service.databaseUrl, 3600_000)
  assert.equal((await ready()).statusCode, 200)
  const told = service.logs
    .map(line => JSON.parse(line))
    .filter(({ event, msg }) => event === 'clock.differs' || /clocks agree again/.test(msg))
  assert.deepEqual(
    told.map(({ level, event }) => [level, event]),
    [
      [50, 'clock.differs'],
      [30, undefined]
    ]
  )
})

test('FLT-01 without a database the process lives, is not ready and answers 503', async t => {
  // A port where nobody listens any more.
  const closed = net.createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => closed.once('listening', resolve))
  const { port } = closed.address() as net.AddressInfo
  await new Promise(resolve => closed.close(resolve))
  const config = loadConfig({
    DATABASE_URL: `postgresql://nobody:hunter2hunter2@127.0.0.1:${port}/none`,
    SECRET_KEY: secretKey,
    PUBLIC_URL: 'http://localhost:3000',
    LOG_LEVEL: 'silent'
  })
  const app = await buildApp(config)
  atEnd(t, () => app.close())
  await app.ready()
  assert.equal((await app.inject({ url: '/health/live' })).statusCode, 200)
  assert.equal((await app.inject({ url: '/docs/json' })).statusCode, 200)
  for (const url of ['/health/ready', '/user/', '/.well-known/jwks.json', '/nowhere']) {
    const answer = await app.inject({ url })
    assertProblem(answer, 503, 'unavailable')
    assert.equal(answer.headers['retry-after'], '5')
    assert.equal(answer.headers['set-cookie'], undefined)
  }
  // SES-22: a refresh that fails for such a reason keeps its cookie.
  const refresh = await app.inject({
    method: 'POST',
    url: '/refresh/',
    cookies: { refresh_token: 'x' }
  })
  assertProblem(refresh, 503, 'unavailable')
  assert.equal(refresh.headers['set-cookie'], undefined)
})
