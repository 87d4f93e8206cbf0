import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { packageRoot } from '../../src/base/package-root.js'
import { startApp } from '../support/app.js'
import { atEnd } from '../support/at-end.js'
import { openEndpoint } from '../support/endpoint.js'
import { newClient, newMember, refresh, signIn } from '../support/people.js'
import { until } from '../support/until.js'

type Attribute = { readonly key: string; readonly value: Readonly<Record<string, unknown>> }
type Span = {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly attributes: readonly Attribute[]
}

/** A collector that takes OTLP over HTTP in JSON. */
async function openCollector(t: TestContext) {
  const bodies: string[] = []
  const keys = new Set<unknown>()
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    if (request.url === '/otlp/v1/traces') bodies.push(body)
    keys.add(request.headers['x-key'])
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  }).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  atEnd(t, () => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return {
    settings: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}/otlp`,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-key=open%20sesame',
      OTEL_SERVICE_NAME: 'sign-in'
    },
    keys,
    text: () => bodies.join('\n'),
    spans: (): Span[] =>
      bodies.flatMap(body =>
        JSON.parse(body).resourceSpans.flatMap(
          ({ scopeSpans }: { scopeSpans: { spans: Span[] }[] }) =>
            scopeSpans.flatMap(({ spans }) => spans)
        )
      )
  }
}

test('OPS-15 a request and its statements are a trace, which the log names', async t => {
  const collector = await openCollector(t)
  const service = await startApp(t, collector.settings)
  const { person, client } = await newMember(service)
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
  const parentSpanId = '00f067aa0ba902b7'
  const traceparent = `00-${traceId}-${parentSpanId}-01`
  await signIn(newClient(service, { headers: { traceparent } }), person)
  await refresh(client)
  await service.inject({ method: 'GET', url: `/nowhere/${person.email}` })
  await service.inject({ method: 'GET', url: '/health/ready' })
  await service.app.close()

  const spans = collector.spans()
  const signIns = spans.filter(span => span.traceId === traceId)
  const root = signIns.find(({ name }) => name === 'POST /login/')
  assert.equal(root?.parentSpanId, parentSpanId)
  assert.ok(root?.attributes.some(({ key }) => key === 'http.response.status_code'))
  const statements = signIns.filter(({ parentSpanId }) => parentSpanId === root?.spanId)
  assert.deepEqual(
    statements.map(({ name }) => name),
    ['reserve-attempts-and-read-account', 'create-session-mfa-disabled']
  )
  const names = spans.map(({ name }) => name)
  for (const name of ['POST /refresh/', 'rotate-session-mfa-disabled', 'GET unknown'])
    assert.ok(names.includes(name), `${name} in ${names}`)
  assert.ok(!names.some(name => /health|claim-mails/.test(name)), String(names))

  const [line] = service.logs
    .map(line => JSON.parse(line))
    .filter(({ msg, route, trace_id }) => msg === 'request' && route === '/login/' && trace_id)
  assert.equal(line?.trace_id, traceId)
  assert.equal(line?.span_id, root?.spanId)

  const text = collector.text()
  assert.ok(text.includes('"sign-in"'))
  for (const secret of [person.email, person.password, client.access, 'open sesame'])
    assert.ok(!text.includes(String(secret)))
  assert.deepEqual([...collector.keys], ['open sesame'])
})

test('OPS-15 each attempt to send a mail or an event is a trace of its own', async t => {
  const collector = await openCollector(t)
  const endpoint = await openEndpoint(t)
  const service = await startApp(t, {
    ...collector.settings,
    ...endpoint.settings,
    EMAIL_HOST: '127.0.0.1',
    EMAIL_PORT: '1',
    DEFAULT_FROM_EMAIL: 'gate@example.com'
  })
  endpoint.answer(({ type }) => (type === 'logout' ? 500 : 204))
  const { person, client } = await newMember(service)
  const payload = { email: person.email }
  await service.inject({ method: 'POST', url: '/password/reset/', payload })
  await client.send('POST', '/logout/')
  await until('mail and events were tried', async () => {
    const lines = service.logs.join('')
    return ['mail not sent', 'webhook sent', 'webhook not sent'].every(it => lines.includes(it))
  })
  await service.app.close()

  const spans = collector.spans()
  const told = spans
    .filter(({ name }) => name.startsWith('send '))
    .map(span => {
      assert.equal(span.parentSpanId, undefined)
      const inside = spans.filter(({ parentSpanId }) => parentSpanId === span.spanId)
      const facts = span.attributes.map(({ value }) => Object.values(value)[0])
      return [span.name, ...facts, ...inside.map(({ name }) => name)].join()
    })
  const expected = [
    /^send mail,[a-z-]+,1,ESOCKET ECONNREFUSED CONN,settle-/,
    /^send webhook,session.opened,1,settle-/,
    /^send webhook,logout,1,answer 500,settle-/
  ]
  for (const one of expected)
    assert.ok(
      told.some(text => one.test(text)),
      `${one} in ${told}`
    )
  const line = service.logs.find(text => text.includes('mail not sent')) ?? '{}'
  const { trace_id: traceId } = JSON.parse(line)
  assert.ok(spans.some(span => span.name === 'send mail' && span.traceId === traceId))
  const text = collector.text()
  for (const secret of [person.email, 'open-sesame', '127.0.0.1'])
    assert.ok(!text.includes(secret), secret)
})

test('OPS-15 without a setting nothing is traced, and the SDK is not loaded', async t => {
  const service = await startApp(t)
  await newMember(service)
  assert.ok(!service.logs.some(line => line.includes('trace_id')))
  const names = ['src', 'plugins', 'routes'].flatMap(folder =>
    readdirSync(join(packageRoot, folder), { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.ts'))
      .map(name => join(folder, name))
  )
  const loading = /^import (?!type).*'@opentelemetry\//m
  for (const name of names)
    assert.doesNotMatch(readFileSync(join(packageRoot, name), 'utf8'), loading, name)
})

test('OPS-15 a collector that is away delays no answer and no stop', async t => {
  const service = await startApp(t, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' })
  await newMember(service)
  await service.app.close()
})
