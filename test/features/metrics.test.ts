import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { packageRoot } from '../../src/base/package-root.js'
import { startApp, type TestApp } from '../support/app.js'
import { assertProblem, bearer, patient } from '../support/expect.js'
import { appCode, challengeFor, newEnrolled, verify, wrongCode } from '../support/factor.js'
import { newClient, newMember, newPerson, refresh, signedIn, signIn } from '../support/people.js'

const token = 'r8Kq2vLz0XnB4tYw7PdJ5hGfS1mCeA9u'

/** The value of a series, which is named as in the text; 0 where it has not been counted. */
function seriesOf(text: string, series: string): number {
  const line = text.split('\n').find(line => line.startsWith(`${series} `))
  return line === undefined ? 0 : Number(line.slice(series.length + 1))
}

async function scrape({ inject }: TestApp): Promise<string> {
  const answer = await inject({ method: 'GET', url: '/metrics', headers: bearer(token) })
  assert.equal(answer.statusCode, 200, answer.body)
  assert.match(String(answer.headers['content-type']), /^text\/plain; version=0\.0\.4/)
  return answer.body
}

test('metrics', async t => {
  const service = await startApp(t, {
    ...patient,
    METRICS_TOKEN: token,
    METRICS_PORT: '0',
    JWT_ALLAUTH_MFA_TOTP_MODE: 'optional'
  })
  const { person } = await newMember(service)
  /** How much some series grew while `work` ran. */
  async function growth(series: readonly string[], work: () => Promise<unknown>) {
    const before = await scrape(service)
    await work()
    const after = await scrape(service)
    return series.map(one => seriesOf(after, one) - seriesOf(before, one))
  }

  await t.test('OPS-10 /metrics wants the token', async () => {
    for (const headers of [{}, bearer(`${token}x`), bearer(''), bearer(token.toLowerCase())]) {
      const answer = await service.inject({ method: 'GET', url: '/metrics', headers })
      assertProblem(answer, 401, 'not_authenticated')
      assert.doesNotMatch(answer.body, /postern_/)
    }
  })

  await t.test('OPS-10 the listener of its own serves the metrics and nothing else', async () => {
    const line = service.logs
      .map(line => JSON.parse(line))
      .find(({ msg }) => msg === 'metrics are served')
    const answer = await fetch(line.address)
    assert.equal(answer.status, 200)
    assert.match(await answer.text(), /^postern_build_info\{/m)
    assert.equal((await fetch(new URL('/user/', line.address))).status, 404)
    assert.equal((await fetch(line.address, { method: 'POST' })).status, 404)
  })

  await t.test('OPS-11 every name begins with postern_, every route is a pattern', async () => {
    await service.inject({ method: 'GET', url: `/nowhere/${person.email}` })
    const text = await scrape(service)
    const names = text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
    assert.deepEqual(
      names.filter(line => !line.startsWith('postern_')),
      []
    )
    assert.match(
      text,
      /request_duration_seconds_count\{method="GET",route="unknown",status="404"\} 1/
    )
    assert.ok(!text.includes(person.email))
    for (const name of ['hash_queue_length', 'database_waiting', 'nodejs_eventloop_lag_seconds'])
      assert.match(text, new RegExp(`^postern_${name} `, 'm'))
    assert.equal(seriesOf(text, 'postern_database_up'), 1)
  })

  await t.test('OPS-11 sign-ins by method and outcome, challenges, waiting mails', async () => {
    const ways = [
      'postern_sign_ins_total{method="pwd",outcome="success"}',
      'postern_sign_ins_total{method="pwd",outcome="credentials"}',
      'postern_hash_wait_seconds_count'
    ]
    const grown = await growth(ways, async () => {
      await signIn(newClient(service), person)
      await signIn(newClient(service), { ...person, password: 'Falsches-Passwort-99' })
      await signIn(newClient(service), newPerson())
    })
    assert.deepEqual(grown, [1, 2, 3])

    const enrolled = await newEnrolled(service)
    const factors = [
      'postern_sign_ins_total{method="pwd",outcome="mfa_required"}',
      'postern_sign_ins_total{method="otp",outcome="success"}',
      'postern_sign_ins_total{method="otp",outcome="credentials"}',
      'postern_mfa_challenges_total{event="opened"}',
      'postern_mfa_challenges_total{event="wrong"}',
      'postern_mfa_challenges_total{event="passed"}'
    ]
    const more = await growth(factors, async () => {
      const challenge = await challengeFor(service, enrolled.person)
      const client = newClient(service)
      await verify(client, challenge, wrongCode(enrolled.secret, service.clock()))
      await verify(client, challenge, appCode(enrolled.secret, service.clock()))
    })
    assert.deepEqual(more, [1, 1, 1, 1, 1, 1])
  })

  await t.test('OPS-11 refreshes by what the session did with the token', async () => {
    const outcomes = [
      'rotated',
      'repeated',
      'replaced',
      'recovered',
      'reused',
      'expired',
      'refused'
    ]
    const grown = await growth(
      outcomes.map(outcome => `postern_refreshes_total{outcome="${outcome}"}`),
      async () => {
        const client = await signedIn(service, person, { transport: 'body' })
        const first = client.refreshToken
        await refresh(client) // rotated
        await refresh(newClient(service, { transport: 'body' }), first) // repeated
        await service.advance(60)
        await refresh(newClient(service, { transport: 'body' }), first) // replaced
        await service.advance(60)
        await refresh(client) // rotated: the older child is used first
        await service.advance(60)
        await refresh(client) // rotated
        await refresh(newClient(service, { transport: 'body' }), first) // reused
        await refresh(client) // refused: the session has ended
        const other = await signedIn(service, person, { transport: 'body' })
        await service.advance(15 * 86_400)
        await refresh(other) // expired
      }
    )
    assert.deepEqual(Object.fromEntries(outcomes.map((name, n) => [name, grown[n]])), {
      rotated: 3,
      repeated: 1,
      replaced: 1,
      recovered: 0,
      reused: 1,
      expired: 1,
      refused: 1
    })
  })
})

test('OPS-11 attempts refused, by the limit of requests and by a budget', async t => {
  const service = await startApp(t, {
    METRICS_TOKEN: token,
    RATE_LIMIT_ENABLED: 'true',
    RATE_LIMIT_LOGIN: '8/hour',
    LOGIN_FAILURES_PER_PAIR: '3/hour'
  })
  const { person } = await newMember(service)
  for (let n = 0; n < 10; n++)
    await signIn(newClient(service), { ...person, password: `Falsches-Passwort-${n}` })
  const text = await scrape(service)
  const refused = (kind: string) => seriesOf(text, `postern_attempts_refused_total{kind="${kind}"}`)
  assert.equal(refused('login') + refused('requests') >= 3, true)
  assert.equal(refused('requests') >= 1, true)
  assert.equal(refused('login') >= 1, true)
})

test('OPS-10 without a setting there is no /metrics', async t => {
  const service = await startApp(t)
  assertProblem(await service.inject({ method: 'GET', url: '/metrics' }), 404, 'not_found')
})

test('OPS-13 the dashboard and the alerts name only metrics that exist', async t => {
  const service = await startApp(t, { METRICS_TOKEN: token })
  const text = await scrape(service)
  const types = new Map(
    [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type]) => [name, type])
  )
  const exists = (name: string) =>
    types.has(name) || types.get(name.replace(/_(bucket|count|sum)$/, '')) === 'histogram'
  for (const file of ['grafana-dashboard.json', 'prometheus-alerts.yaml']) {
    const content = readFileSync(join(packageRoot, 'docs/deploy', file), 'utf8')
    const named = new Set(content.match(/\bpostern_\w+/g))
    assert.ok(named.size > 8, file)
    assert.deepEqual(
      [...named].filter(name => !exists(name)),
      [],
      file
    )
  }
  JSON.parse(readFileSync(join(packageRoot, 'docs/deploy/grafana-dashboard.json'), 'utf8'))
})
