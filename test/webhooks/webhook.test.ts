import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { record } from '../../src/audit/record.js'
import { newId } from '../../src/base/crypto/random.js'
import { noSender } from '../../src/operator/no-sender.js'
import { startApp, startAppOn, type TestApp } from '../support/app.js'
import { beside, startCommands } from '../support/cli.js'
import { assertSigned, openEndpoint, webhookSecret } from '../support/endpoint.js'
import { logoutAll, newClient, newMember, signIn } from '../support/people.js'
import { until } from '../support/until.js'

type Row = {
  readonly id: string
  readonly state: string
  readonly attempts: number
  readonly lastError: string | null
  readonly waits: number
}

const outboxOf = ({ query }: TestApp) =>
  query<Row>(`SELECT "id", "state"::text, "attempts", "lastError",
    extract(epoch FROM "nextAttemptAt" - now())::float8 AS "waits" FROM "WebhookEvent" ORDER BY "insertedAt"`)

const emptied = (service: TestApp) =>
  until('the outbox is empty', async () => (await outboxOf(service)).length === 0)

/** Records an event of an account, as a flow does. */
const recordIn = ({ app }: TestApp, subjectId: string | null, n = 0) =>
  app.deps.db.transaction(tx =>
    record(tx, {
      event: 'logout',
      actorId: subjectId,
      subjectId,
      sender: noSender,
      details: { n }
    })
  )

test('EVT-01 every event of the trail is posted, signed, and says what the trail says', async t => {
  const endpoint = await openEndpoint(t)
  const service = await startApp(t, endpoint.settings)
  const { person, client } = await newMember(service)
  await signIn(newClient(service), { ...person, password: 'Falsches-Passwort-99' })
  await logoutAll(client)
  await emptied(service)

  const trail = await service.query<{ id: string; event: string; at: Date }>(
    'SELECT "id", "event", "at" FROM "AuditEvent" ORDER BY "id"'
  )
  assert.deepEqual(
    endpoint.deliveries
      .map(({ id, type, timestamp }) => ({ id, event: type, at: new Date(timestamp) }))
      .sort((one, other) => (one.id < other.id ? -1 : 1)),
    trail
  )
  for (const delivery of endpoint.deliveries) {
    new Webhook(webhookSecret).verify(delivery.body, delivery.headers)
    assert.equal(delivery.data.id, delivery.id)
    assert.equal(delivery.headers['content-type'], 'application/json')
    assert.match(delivery.headers['user-agent'] ?? '', /^Postern\/\d/)
    assert.ok(!delivery.body.includes(person.email))
  }
  const [failed] = endpoint.deliveries.filter(({ data }) => data.outcome === 'failure')
  assert.equal(failed?.type, 'login')
  assert.deepEqual(Object.keys(failed?.data ?? {}).sort(), [
    'actor_id',
    'details',
    'id',
    'network',
    'outcome',
    'session_id',
    'subject_id',
    'user_agent'
  ])
  // A URL may hold a secret of the receiver.
  assert.ok(!service.logs.some(line => line.includes('open-sesame')))
})

test('EVT-02 an event is queued in the transaction of its change, and only where a webhook is set', async t => {
  const endpoint = await openEndpoint(t)
  const service = await startApp(t, { ...endpoint.settings, MAIL_WORKER: 'false' })
  const rolledBack = service.app.deps.db.transaction(async tx => {
    await record(tx, { event: 'logout', actorId: null, subjectId: null, sender: noSender })
    throw new Error('changed my mind')
  })
  await assert.rejects(rolledBack)
  assert.deepEqual(await outboxOf(service), [])
  await recordIn(service, null)
  assert.equal((await outboxOf(service)).length, 1)

  const silent = await startApp(t)
  await newMember(silent)
  assert.deepEqual(await outboxOf(silent), [])
})

test('EVT-02 when no process has wanted events for a week, none are queued', async t => {
  const endpoint = await openEndpoint(t)
  const service = await startApp(t, { ...endpoint.settings, MAIL_WORKER: 'false' })
  const day = 86_400
  await service.advance(6 * day)
  await recordIn(service, null)
  assert.equal((await outboxOf(service)).length, 1)
  await service.advance(1 * day)
  await recordIn(service, null)
  assert.equal((await outboxOf(service)).length, 1)
  await startAppOn(t, service.databaseUrl, { ...endpoint.settings, MAIL_WORKER: 'false' })
  await recordIn(service, null)
  assert.equal((await outboxOf(service)).length, 2)
})

test('EVT-03 a failed event is sent again, the same to the byte, and later events of its account wait', async t => {
  const endpoint = await openEndpoint(t)
  const [ada, ben] = [newId(), newId()]
  endpoint.answer(({ data }) => (data.subject_id === ada ? 503 : 200))
  const service = await startApp(t, endpoint.settings)
  for (let n = 0; n < 3; n++) await recordIn(service, ada, n)
  for (let n = 0; n < 3; n++) await recordIn(service, ben, n)
  await recordIn(service, null)
  await endpoint.until('the others are taken', () => endpoint.taken().length === 4)
  await until('the failure is stored, and the others are gone', async () => {
    const [first, ...later] = await outboxOf(service)
    return first?.lastError !== null && later.length === 2
  })
  const rows = await outboxOf(service)
  assert.deepEqual(
    rows.map(({ state, attempts, lastError }) => [state, attempts, lastError]),
    [
      ['queued', 1, 'answer 503'],
      ['queued', 0, null],
      ['queued', 0, null]
    ]
  )
  // A later event may have come after the failure: it waits because it is later.
  const { waits = 0 } = rows[0] ?? {}
  assert.ok(waits > 5 && waits <= 12.5, String(waits))

  endpoint.answer(() => 200)
  await service.advance(13)
  await emptied(service)
  const numbersOf = (id: string) =>
    endpoint.taken().flatMap(({ data }) => (data.subject_id === id ? [data.details] : []))
  const inOrder = [0, 1, 2].map(n => ({ n }))
  assert.deepEqual(numbersOf(ada), inOrder)
  assert.deepEqual(numbersOf(ben), inOrder)
  const [first, second] = endpoint.deliveries.filter(({ id }) => id === rows[0]?.id)
  assert.equal(first?.body, second?.body)
  for (const delivery of endpoint.deliveries) assertSigned(delivery)
})

test('EVT-03 an endpoint that asks for time gets it, and no redirect is followed', async t => {
  const endpoint = await openEndpoint(t)
  const [ada, ben] = [newId(), newId()]
  endpoint.answer(({ data }) => (data.subject_id === ada ? 429 : 302), {
    'retry-after': '600',
    location: '/elsewhere'
  })
  const service = await startApp(t, endpoint.settings)
  await recordIn(service, ada)
  await recordIn(service, ben)
  await until('both have failed', async () =>
    (await outboxOf(service)).every(({ lastError }) => lastError !== null)
  )
  const [asked, redirected] = await outboxOf(service)
  assert.equal(asked?.lastError, 'answer 429')
  assert.ok((asked?.waits ?? 0) > 590)
  assert.equal(redirected?.lastError, 'answer 302')
  assert.ok(endpoint.deliveries.every(({ headers }) => headers['webhook-id']))
  assert.equal(endpoint.deliveries.length, 2)
})

test('EVT-04 a dead event is seen by the log, the command, the doctor and the metrics, and can be sent again', async t => {
  const token = 'r8Kq2vLz0XnB4tYw7PdJ5hGfS1mCeA9u'
  const endpoint = await openEndpoint(t)
  endpoint.answer(() => 410)
  const settings = { ...endpoint.settings, METRICS_TOKEN: token }
  const service = await startApp(t, settings)
  const ada = newId()
  await recordIn(service, ada, 0)
  await recordIn(service, ada, 1)
  await until('both are dead', async () => {
    const rows = await outboxOf(service)
    return rows.every(({ state }) => state === 'dead')
  })
  const dead = service.logs.map(line => JSON.parse(line)).filter(it => it.event === 'webhook.dead')
  assert.deepEqual(
    dead.map(({ level, type, attempts, reason }) => [level, type, attempts, reason]),
    Array(2).fill([50, 'logout', 1, 'answer 410'])
  )
  const scraped = await service.inject({
    url: '/metrics',
    headers: { authorization: `Bearer ${token}` }
  })
  assert.match(scraped.body, /^postern_webhooks\{state="dead"\} 2$/m)
  assert.match(scraped.body, /^postern_webhooks_total\{result="dead"\} 2$/m)

  const command = startCommands(t)
  const run = (...args: string[]) => command(args, beside(service.databaseUrl, settings))
  const listed = await run('webhook', 'list', '--state', 'dead', '--json')
  const { results } = JSON.parse(listed.out)
  assert.deepEqual(
    results.map((it: Record<string, unknown>) => [it.type, it.account_id, it.last_error]),
    Array(2).fill(['logout', ada, 'answer 410'])
  )
  const { findings } = JSON.parse((await run('doctor', '--json')).out)
  const told = findings.find(({ check }: { check: string }) => check === 'webhook')
  assert.equal(told.level, 'warn')
  assert.match(told.message, /^2 events were given up.*postern webhook resend --all/)

  endpoint.answer(() => 204)
  const [newest, oldest] = results as { id: string }[]
  assert.match((await run('webhook', 'resend', newId())).out, /does not exist, or was taken/)
  assert.match((await run('webhook', 'resend', String(oldest?.id))).out, /is queued again/)
  assert.equal((await run('webhook', 'resend', '--all')).out, '1 queued again.\n')
  await emptied(service)
  assert.deepEqual(
    endpoint.taken().map(({ id }) => id),
    [oldest?.id, newest?.id]
  )
  assert.match((await run('webhook', 'resend')).err, /Name events by id, or all dead ones/)
})

test('EVT-04 an event that nobody takes for three days is dead, and gone after a month', async t => {
  const endpoint = await openEndpoint(t)
  endpoint.answer(() => 500)
  const service = await startApp(t, endpoint.settings)
  await recordIn(service, null)
  await until('the failure is kept', async () => {
    const [row] = await outboxOf(service)
    return row?.attempts === 1 && row.waits > 0
  })
  await service.advance(3 * 86_400)
  await until('it is dead', async () => (await outboxOf(service))[0]?.state === 'dead')
  assert.equal(endpoint.deliveries.length, 2)
  const command = startCommands(t)
  await service.advance(28 * 86_400)
  const purged = await command(['purge', '--json'], beside(service.databaseUrl))
  assert.equal(JSON.parse(purged.out).webhook_events, 1)
  assert.deepEqual(await outboxOf(service), [])
})

test('EVT-05 of many workers each event is sent once, and one at a time for an account', async t => {
  const endpoint = await openEndpoint(t)
  const service = await startApp(t, { ...endpoint.settings, MAIL_WORKER: 'false' })
  const people = Array.from({ length: 4 }, () => newId())
  for (let n = 0; n < 10; n++) for (const id of people) await recordIn(service, id, n)
  for (let n = 0; n < 3; n++) await startAppOn(t, service.databaseUrl, endpoint.settings)
  await emptied(service)
  assert.equal(endpoint.deliveries.length, 40)
  for (const id of people)
    assert.deepEqual(
      endpoint.deliveries
        .filter(({ data }) => data.subject_id === id)
        .map(({ data }) => data.details),
      Array.from({ length: 10 }, (_, n) => ({ n }))
    )
  assert.ok(endpoint.mostOpen() <= people.length)
})

test('EVT-06 with two secrets both sign', async t => {
  const endpoint = await openEndpoint(t)
  const later = 'whsec_C2FVsBQIhrscChlQIMVqZ7qZ7qZ7rT1m'
  const service = await startApp(t, {
    ...endpoint.settings,
    EVENTS_WEBHOOK_SECRET: `${later},${webhookSecret}`
  })
  await recordIn(service, null)
  await emptied(service)
  const [delivery] = endpoint.taken()
  assert.ok(delivery)
  assertSigned(delivery, later)
  assertSigned(delivery, webhookSecret)
})
