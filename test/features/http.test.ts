import assert from 'node:assert/strict'
import test from 'node:test'
import { startApp, startAppOn } from '../support/app.js'
import { everything, exampleBody, type Operation, operationsOf } from '../support/document.js'
import { assertProblem, bearer, patient } from '../support/expect.js'
import {
  type Answer,
  newMember,
  newPerson,
  presentAccess,
  profileIn,
  readUser,
  refresh,
  signedIn
} from '../support/people.js'
import { exchange, listen, requestText } from '../support/raw.js'

/** What an answer must not tell of the inside (HTP-17). */
const inside =
  /\bat \S+ \(|node_modules|\/src\/|\.[jt]s:\d|prisma|postgres|SELECT |INSERT |UPDATE |"User"|"Session"|FST_|ERR_|E[A-Z]{4,}:|fastify|ajv|\bundefined\b|NaN|\[object/i

function assertTellsNothing(answer: { body: string }, sent = ''): void {
  assert.doesNotMatch(answer.body, inside)
  if (sent.length > 5) assert.ok(!answer.body.includes(sent), answer.body)
}

const stringFields = ({ body }: Operation): string[] =>
  Object.entries(body?.properties ?? {})
    .filter(([, schema]) => schema.type === 'string')
    .map(([name]) => name)

test('HTTP, over every operation of the document', async t => {
  const service = await startApp(t, everything)
  const operations = await operationsOf(service)
  const withBody = operations.filter(({ body }) => body !== null)
  const { person, client } = await newMember(service)
  // Of a role for which no operation is closed: what is asked here is what bodies may hold.
  await service.query('UPDATE "User" SET "role" = 1000 WHERE "email" = $1', [person.email])
  const headers = bearer(client.access ?? '')
  const send = ({ method, url }: Operation, payload: object) =>
    service.inject({ method, url, headers, payload })
  const stateOf = async () =>
    JSON.stringify(
      await service.query('SELECT u.*, s.* FROM "User" u JOIN "Session" s ON s."userId" = u."id"')
    )

  /** A page of a link refuses a request without its cookie before the body is read. */
  const isOfField = (answer: Awaited<ReturnType<typeof send>>) =>
    answer.statusCode === 400 && answer.json().code !== 'link_invalid'

  await t.test('HTP-08 NUL and half a surrogate in every text of every body', async () => {
    const before = await stateOf()
    let tried = 0
    for (const operation of withBody) {
      for (const field of stringFields(operation)) {
        for (const evil of ['a\u0000b', '\ud800', 'x\udfffy', '\u0000']) {
          const payload = { ...exampleBody(operation.body ?? {}), [field]: evil }
          const answer = await send(operation, payload)
          const name = `${operation.method} ${operation.path} ${field}: ${answer.body}`
          assert.ok([400, 401].includes(answer.statusCode), name)
          if (isOfField(answer)) assert.ok(field in answer.json().errors, name)
          assertTellsNothing(answer)
          tried++
        }
      }
    }
    assert.ok(tried > 40, String(tried))
    assert.equal(await stateOf(), before)
  })

  await t.test('HTP-03 a form is refused where the document shows none', async () => {
    const type = 'application/x-www-form-urlencoded'
    for (const { method, url, path, raw } of withBody) {
      const { content } = raw.requestBody as { content: Record<string, object> }
      const request = { method, url, headers: { ...headers, 'content-type': type }, payload: 'x=1' }
      const { statusCode } = await service.inject(request)
      assert.equal(statusCode === 415, !(type in content), `${method} ${path}: ${statusCode}`)
    }
  })

  await t.test(
    'HTP-04 HTP-05 another type in every field: told, never coerced, never a filter',
    async () => {
      const before = await stateOf()
      const others = [
        12_345_678,
        true,
        null,
        [],
        ['a@example.com'],
        { not: '' },
        { contains: '' },
        1e300
      ]
      for (const operation of withBody) {
        for (const field of stringFields(operation)) {
          for (const other of others) {
            const answer = await send(operation, {
              ...exampleBody(operation.body ?? {}),
              [field]: other
            })
            const name = `${operation.method} ${operation.path} ${field}: ${answer.body}`
            assert.ok([400, 401].includes(answer.statusCode), name)
            if (isOfField(answer)) assert.ok(field in answer.json().errors, name)
          }
        }
      }
      assert.equal(await stateOf(), before)
    }
  )

  await t.test(
    'ADM-01 EML-08 a field too many is refused everywhere, and nothing is set by it',
    async () => {
      const before = await stateOf()
      const extras: Record<string, unknown> = {
        role: 900,
        is_staff: true,
        is_superuser: true,
        is_active: true,
        isActive: true,
        id: '019330a1-7b1c-7e3a-9c1f-2f6f1d9b1a11',
        user_id: '019330a1-7b1c-7e3a-9c1f-2f6f1d9b1a11',
        created_at: '2020-01-01',
        email_verified: true,
        emailVerifiedAt: '2020-01-01',
        verified: true,
        mfa_enabled: false,
        credentialEpoch: 0,
        passwordHash: 'x',
        'user.role': 900,
        'user[role]': 900,
        user: { role: 900 },
        constructor: 1,
        prototype: 1,
        toString: 1
      }
      for (const operation of withBody) {
        const known = Object.keys(operation.body?.properties ?? {})
        for (const [name, value] of Object.entries(extras)) {
          if (known.includes(name)) continue
          const answer = await send(operation, {
            ...exampleBody(operation.body ?? {}),
            [name]: value
          })
          const told = `${operation.method} ${operation.path} ${name}: ${answer.body}`
          assert.ok([400, 401].includes(answer.statusCode), told)
          if (answer.json().code === 'validation_error')
            assert.ok(Object.hasOwn(answer.json().errors, name), told)
        }
      }
      assert.equal(await stateOf(), before)
    }
  )

  await t.test('HTP-06 a poisoned prototype is refused in every body', async () => {
    const poisons = [
      '{"__proto__":{"isActive":true}}',
      '{"constructor":{"prototype":{"isActive":true}}}',
      '{"email":{"__proto__":{"x":1}}}',
      '{"\\u005f_proto__":{"x":1}}',
      '[{"__proto__":[]}]'
    ]
    for (const { method, url } of withBody) {
      for (const payload of poisons) {
        const answer = await service.app.inject({
          method,
          url: `${url}?__proto__[x]=1&constructor[prototype][x]=1`,
          headers: {
            ...headers,
            'content-type': 'application/json',
            cookie: '__proto__=x; constructor=y'
          },
          payload
        })
        assert.ok(
          [400, 401].includes(answer.statusCode),
          `${method} ${url} ${payload} ${answer.body}`
        )
      }
    }
    assert.equal(({} as Record<string, unknown>).x, undefined)
    assert.deepEqual(profileIn(await readUser(client)), {
      email: person.email,
      first_name: '',
      last_name: ''
    })
  })

  await t.test(
    'HTP-14 HTP-15 HTP-16 HTP-17 headers of every operation, and of every way it fails',
    async () => {
      const answers: [string, Answer][] = []
      for (const operation of operations) {
        const { method, url, body } = operation
        const name = `${method} ${operation.path}`
        const options = { method, url }
        answers.push([`${name} bare`, await service.inject(options)])
        answers.push([`${name} HEAD`, await service.inject({ method: 'HEAD', url })])
        answers.push([
          `${name} stale`,
          await service.inject({ ...options, headers: bearer('a.b.c') })
        ])
        answers.push([
          `${name} cookie`,
          await service.inject({ ...options, headers: { cookie: 'refresh_token=x' } })
        ])
        if (body === null) continue
        const text = { ...headers, 'content-type': 'text/plain' }
        answers.push([
          `${name} 415`,
          await service.app.inject({ ...options, headers: text, payload: 'x' })
        ])
        answers.push([
          `${name} 413`,
          await service.inject({ ...options, headers, payload: { x: 'x'.repeat(17_000) } })
        ])
        const json = { ...headers, 'content-type': 'application/json' }
        answers.push([
          `${name} 400`,
          await service.app.inject({ ...options, headers: json, payload: '{' })
        ])
      }
      for (const url of [
        '/nowhere',
        '/docs/',
        '/docs/json',
        '/docs/static/swagger-ui.css',
        '/docs/nowhere',
        '/%zz'
      ]) {
        answers.push([url, await service.inject({ method: 'GET', url })])
      }
      answers.push(['PUT /login/', await service.inject({ method: 'PUT', url: '/login/' })])
      for (const [name, { statusCode, headers: got, body }] of answers) {
        assert.ok(statusCode < 500, `${name}: ${statusCode}`)
        assert.equal(got['x-content-type-options'], 'nosniff', name)
        assert.equal(got['x-powered-by'], undefined, name)
        if (!/well-known|docs\/static|assets/.test(name))
          assert.equal(got['cache-control'], 'no-store', name)
        if (name === '/%zz') continue // answered before any hook; a body of two constants
        assert.equal(got['referrer-policy'], 'no-referrer', name)
        assert.equal(got['x-frame-options'], 'DENY', name)
        assert.equal(got['strict-transport-security'], undefined, `${name}: not behind https`)
        const policy = String(got['content-security-policy'])
        for (const directive of ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"])
          assert.ok(policy.includes(directive), `${name}: ${policy}`)
        assert.doesNotMatch(policy, /script-src[^;]*(unsafe|http|\*)/, name)
        const type = String(got['content-type'])
        if (statusCode >= 400 && !type.startsWith('text/html')) {
          assert.equal(type, 'application/json; charset=utf-8', name)
          if (!name.endsWith('HEAD')) {
            const { detail, code } = JSON.parse(body)
            assert.ok(typeof detail === 'string' && /^[a-z_]+$/.test(code), name)
            assertTellsNothing({ body })
          }
        }
        if (type.startsWith('text/html')) {
          assert.equal(type, 'text/html; charset=utf-8', name)
          assert.equal(got['cross-origin-opener-policy'], 'same-origin', name)
        }
      }
    }
  )

  await t.test('HTP-12 other methods: 405 with Allow; overriding it is not heard', async () => {
    const allowed = new Map<string, Set<string>>()
    for (const { method, url } of operations) {
      allowed.set(url, (allowed.get(url) ?? new Set()).add(method))
    }
    for (const [url, methods] of allowed) {
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const) {
        if (methods.has(method)) continue
        const answer = await service.app.inject({ method, url })
        assertProblem(answer, 405, 'method_not_allowed')
        const listed = String(answer.headers.allow).split(', ')
        for (const known of methods)
          assert.ok(listed.includes(known), `${method} ${url}: ${listed}`)
      }
    }
    const overriding = await service.app.inject({
      method: 'GET',
      url: `/sessions/?_method=DELETE`,
      headers: {
        ...headers,
        'x-http-method-override': 'DELETE',
        'x-http-method': 'DELETE',
        'x-method-override': 'PUT'
      }
    })
    assert.equal(overriding.statusCode, 200)
  })

  await t.test(
    'HTP-18 HTP-17 a few thousand requests made of nonsense: no 500, and the inside stays inside',
    async () => {
      let seed = 20_261_124
      const random = (below: number) => {
        seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
        return Math.floor((seed / 2 ** 32) * below)
      }
      const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T
      const nonsense: unknown[] = [
        '',
        ' ',
        'x',
        'a@b.cd',
        '\u0000',
        '\ud800',
        '\u202e',
        'x'.repeat(300),
        '🦊'.repeat(80),
        "'; DROP TABLE x; --",
        '{{7*7}}',
        '$' + '{7*7}',
        '../../etc/passwd',
        '%00',
        null,
        true,
        0,
        -1,
        1.5,
        1e308,
        [],
        [[]],
        {},
        { $ne: '' },
        { not: '' },
        ['a', 'b'],
        'null',
        'undefined',
        client.refreshToken,
        client.access,
        '\r\nx: y',
        'İ',
        'ǅ',
        '﷽'
      ]
      const bodies = [
        () =>
          JSON.stringify(
            Object.fromEntries(
              Array.from({ length: random(4) }, () => [
                pick(['email', 'password', 'refresh', 'x', '']),
                pick(nonsense)
              ])
            )
          ),
        () => JSON.stringify(pick(nonsense)) ?? 'x',
        () => '{'.repeat(random(2000)),
        () => '['.repeat(7000) + ']'.repeat(7000),
        () => '{"a":1,"a":{"b":[null]}}',
        () => ''
      ]
      const types = [
        'application/json',
        'application/json',
        'application/json',
        'application/x-www-form-urlencoded',
        'text/plain',
        'multipart/form-data; boundary=x',
        '',
        'application/json;charset=utf-7',
        '*/*'
      ]
      const credentials = [
        '',
        `Bearer ${client.access}`,
        `Bearer ${client.refreshToken}`,
        'Bearer',
        'Bearer x',
        'Basic x',
        'é'
      ]
      const cookies = [
        '',
        'refresh_token=x',
        'refresh_token=%',
        '=',
        ';;;',
        'refresh_token="',
        'known_device=%00',
        'a=b; a=c',
        '__proto__=x',
        'é=é'
      ]
      const safe = operations.filter(
        ({ operationId }) => !/logout|endSession|endOtherSessions/i.test(operationId)
      )
      const statuses = new Map<number, number>()
      for (let n = 0; n < 2500; n++) {
        const operation = pick(safe)
        const known = Object.keys(operation.body?.properties ?? {})
        const own = () =>
          JSON.stringify(
            Object.fromEntries(
              known.filter(() => random(8) > 0).map(field => [field, pick(nonsense)])
            )
          )
        const payload = random(2) === 0 ? own() : pick(bodies)()
        const path =
          random(6) === 0
            ? operation.path.replaceAll(
                /\{\w+\}/g,
                encodeURIComponent(String(pick(nonsense)).toWellFormed())
              )
            : operation.url
        const answer = await service.app.inject({
          method:
            random(10) === 0
              ? pick(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'] as const)
              : operation.method,
          url:
            path +
            pick(['', '', '', '?a=%zz', '?a[b]=c&a=d', '/', '//', '?__proto__=1', '%2f', ';x=y']),
          headers: {
            ...(operation.body === null ? {} : { 'content-type': pick(types) }),
            authorization: pick(credentials),
            cookie: pick(cookies),
            'user-agent': pick(['', 'x', '\u00ff'.repeat(600)]),
            'x-refresh-transport': pick(['', 'cookie', 'body', 'x']),
            'accept-language': pick(['', 'en', 'xx;q=9', ',,,;', '*', 'de-DE-x-é']),
            accept: pick(['', 'text/html', 'application/json', '*/*', ';;'])
          },
          ...(operation.body === null ? {} : { payload })
        })
        const { statusCode } = answer
        statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1)
        const made = `${operation.method} ${path} ${payload.slice(0, 200)}`
        assert.ok(statusCode < 500, `${made}: ${answer.body}`)
        if (
          statusCode >= 400 &&
          String(answer.headers['content-type']).startsWith('application/json')
        )
          assert.doesNotMatch(answer.body, inside, made)
      }
      assert.ok(statuses.size >= 5, JSON.stringify([...statuses]))
      assert.deepEqual(
        service.logs.filter(line => line.includes('"level":50')),
        []
      )
      assert.equal((await service.inject({ method: 'GET', url: '/health/ready' })).statusCode, 200)
      assert.equal((await readUser(client)).statusCode, 200)
    }
  )
})

test('HTTP, over a socket', async t => {
  const service = await startApp(t, patient)
  const port = await listen(service)
  const { person, client } = await newMember(service)
  const json = 'Content-Type: application/json'
  const login = JSON.stringify(person)
  const problem = (
    { status, headers, body }: Awaited<ReturnType<typeof exchange>>,
    code: string
  ) => {
    assert.equal(headers['content-type'], 'application/json; charset=utf-8', `${status} ${body}`)
    assert.equal(JSON.parse(body).code, code)
    assert.equal(headers['cache-control'], 'no-store')
    return status
  }

  await t.test('an honest request, so that the dishonest ones below are well made', async () => {
    const { status } = await exchange(port, requestText('POST /login/', [json], login))
    assert.equal(status, 200)
  })

  await t.test('an expectation that nobody knows is ignored', async () => {
    const request = requestText('POST /login/', [json, 'Expect: miracles'], login)
    assert.equal((await exchange(port, request)).status, 200)
  })

  await t.test(
    'HTP-01 17 kB, said or not said beforehand: 413, and the connection is over',
    async () => {
      const large = JSON.stringify({ email: 'x'.repeat(17_000) })
      assert.equal(
        problem(
          await exchange(port, requestText('POST /login/', [json], large)),
          'payload_too_large'
        ),
        413
      )
      const announced = requestText('POST /login/', [json, 'Content-Length: 1000000000'])
      const refused = await exchange(port, announced)
      assert.equal(problem(refused, 'payload_too_large'), 413)
      assert.ok(refused.closed)
      // Chunks without end: the service does not read on.
      const chunk = `400\r\n${'x'.repeat(1024)}\r\n`
      const head =
        'POST /login/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n'
      const endless = await exchange(port, head, chunk.repeat(40))
      assert.equal(problem(endless, 'payload_too_large'), 413)
      assert.ok(endless.closed)
    }
  )

  await t.test('HTP-02 nothing may take for ever', () => {
    const { headersTimeout, requestTimeout, keepAliveTimeout, timeout } = service.app.server
    for (const limit of [headersTimeout, requestTimeout, timeout])
      assert.ok(limit > 0 && limit <= 60_000, String(limit))
    assert.ok(
      keepAliveTimeout > 120_000 && keepAliveTimeout < 180_000,
      'longer than proxies keep an idle connection'
    )
    assert.ok(service.app.hasPlugin('time-limit'), 'handlers')
  })

  await t.test(
    'HTP-03 only JSON, in spellings that mean it; the schema holds for each that is taken',
    async () => {
      const taken = [
        'application/json',
        'Application/JSON',
        'application/json; charset=utf-8',
        'application/json;charset="UTF-8"',
        'application/json ',
        'application/json\t; charset=utf-8'
      ]
      for (const type of taken) {
        const line = `Content-Type: ${type}`
        assert.equal(
          (await exchange(port, requestText('POST /login/', [line], login))).status,
          200,
          type
        )
        const loose = JSON.stringify({ ...person, role: 900 })
        assert.equal(
          (await exchange(port, requestText('POST /login/', [line], loose))).status,
          400,
          type
        )
      }
      const refused = [
        'text/plain',
        'text/json',
        'application/json; charset=utf-7',
        'application/json; charset=utf-16',
        'application/jsonx',
        'application/json-patch+json',
        'application/json, text/plain',
        'application/json;',
        'application/json; x=y',
        ' ',
        'application',
        '*/*',
        'multipart/form-data; boundary=x',
        'application/json\u00a0',
        'text/plain; application/json'
      ]
      for (const type of refused) {
        const answer = await exchange(
          port,
          requestText('POST /login/', [`Content-Type: ${type}`], login)
        )
        assert.equal(problem(answer, 'unsupported_media_type'), 415, type)
      }
      assert.equal(
        problem(
          await exchange(port, requestText('POST /login/', [], login)),
          'unsupported_media_type'
        ),
        415
      )
      const twice = await exchange(
        port,
        requestText('POST /login/', [json, 'Content-Type: text/plain'], login)
      )
      // Node keeps the first of two; what counts is that the schema holds for what was read.
      assert.ok([200, 415].includes(twice.status), String(twice.status))
      const other = await exchange(
        port,
        requestText('POST /login/', ['Content-Type: text/plain', json], login)
      )
      assert.equal(other.status, 415)
    }
  )

  await t.test('HTP-07 of a key that comes twice the last counts, and is validated', async () => {
    const { email, password } = person
    const twice = (first: unknown, last: unknown) =>
      requestText(
        'POST /login/',
        [json],
        `{"email":${JSON.stringify(email)},"password":${JSON.stringify(first)},"password":${JSON.stringify(last)}}`
      )
    assert.equal((await exchange(port, twice('wrong', password))).status, 200)
    assert.equal((await exchange(port, twice(password, 'wrong'))).status, 401)
    assert.equal((await exchange(port, twice(password, ['x']))).status, 400)
    for (const body of [
      '['.repeat(8000) + ']'.repeat(8000),
      `{"x":${'['.repeat(8000)}${']'.repeat(8000)}}`
    ]) {
      const { status } = await exchange(port, requestText('POST /login/', [json], body))
      assert.equal(status, 400)
    }
  })

  await t.test('HTP-09 what is no UTF-8, and a byte order mark: 400', async () => {
    const bytes = [
      Buffer.from([0xc3, 0x28]),
      Buffer.concat([
        Buffer.from('{"email":"'),
        Buffer.from([0xff]),
        Buffer.from('","password":"x"}')
      ]),
      Buffer.from('\ufeff{}'),
      Buffer.from('{}', 'utf16le'),
      Buffer.from([0]),
      Buffer.from([0xed, 0xa0, 0x80])
    ]
    for (const body of bytes)
      assert.equal(
        problem(await exchange(port, requestText('POST /login/', [json], body)), 'malformed_body'),
        400
      )
  })

  await t.test('HTP-10 HTP-23 paths in bad or odd spellings name nothing', async () => {
    const paths = [
      '/%',
      '/%zz',
      '/%00',
      '/%c3%28',
      '/user/%',
      '/user/%00',
      '/USER/',
      '//user/',
      '/user//',
      '/./user/',
      '/x/../user/',
      '/%2e%2e/user/',
      '/user%2f',
      '/user/;x',
      '/user;x=1/',
      '/user/%20',
      '/user\\',
      '/user/.',
      '/user.json',
      `/sessions/${'x'.repeat(1000)}/`,
      '/sessions/..%2f..%2fuser/',
      '/docs/static/..%2f..%2fpackage.json',
      '/docs/static/%2e%2e/%2e%2e/package.json'
    ]
    const authorization = `Authorization: Bearer ${client.access}`
    for (const path of paths) {
      for (const method of ['GET', 'DELETE']) {
        const answer = await exchange(port, requestText(`${method} ${path}`, [authorization]))
        // Node refuses some of them before they are a request at all.
        assert.ok([400, 404, 405].includes(answer.status), `${method} ${path}: ${answer.status}`)
        if (answer.body !== '') assertTellsNothing(answer, path)
      }
    }
  })

  await t.test('JWT-12 of two Authorization headers neither counts', async () => {
    const good = `Authorization: Bearer ${client.access}`
    assert.equal((await exchange(port, requestText('GET /user/', [good]))).status, 200)
    for (const headers of [
      [good, 'Authorization: Bearer junk'],
      ['authorization: Bearer junk', good],
      [good, good]
    ])
      assert.equal((await exchange(port, requestText('GET /user/', headers))).status, 401)
  })

  await t.test('HTP-12 any method of HTTP on a known path is 405, on another 404', async () => {
    for (const method of ['TRACE', 'QUERY']) {
      const known = await exchange(port, requestText(`${method} /user/`, [json], login))
      assert.equal(known.status, 405, method)
      assert.equal(known.headers.allow, 'GET, HEAD, PUT, PATCH, DELETE')
      assert.equal((await exchange(port, requestText(`${method} /nope/`))).status, 404, method)
    }
  })

  await t.test(
    'HTP-08 NUL and other bytes in path, query, cookie and user agent: never 500',
    async () => {
      for (const line of ['GET /user/?x=%00', 'GET /user/%00', 'GET /sessions/?%00=%ff']) {
        const { status } = await exchange(
          port,
          requestText(line, [`Authorization: Bearer ${client.access}`])
        )
        assert.ok(status < 500, line)
      }
      for (const header of [
        'Cookie: refresh_token=%00',
        'Cookie: refresh_token=\u00ff\u00fe',
        'User-Agent: \u00ff',
        'Cookie: %00=x',
        'X-Forwarded-For: %00'
      ]) {
        for (const path of ['/login/', '/refresh/']) {
          const { status } = await exchange(
            port,
            requestText(`POST ${path}`, [json, header], login)
          )
          assert.ok(status < 500 && status > 0, `${path} ${header}: ${status}`)
        }
      }
      const agent = 'User-Agent: a\tb \u00e9\u00ff'
      assert.equal(
        (await exchange(port, requestText('POST /login/', [json, agent], login))).status,
        200
      )
    }
  )

  await t.test('HTP-11 JWT-12 headers too large, too many, or twice: 431, 400 or 401', async () => {
    const huge = await exchange(
      port,
      requestText('GET /user/', [`Authorization: Bearer ${'x'.repeat(64_000)}`])
    )
    assert.equal(problem(huge, 'header_too_large'), 431)
    assert.ok(huge.closed)
    const agent = `User-Agent: ${'x'.repeat(20_000)}`
    assert.equal(
      problem(
        await exchange(port, requestText('POST /login/', [json, agent], login)),
        'header_too_large'
      ),
      431
    )
    const two = ['Authorization: Bearer x', `Authorization: Bearer ${client.access}`]
    // Node keeps the first of two: the request is whoever that is, which is nobody.
    assert.equal((await exchange(port, requestText('GET /user/', two))).status, 401)
    for (const value of [
      'Bearer %',
      'Bearer',
      'Bearer ',
      'Bearer  ',
      'Bearer\t x',
      ' ',
      'Bearer \u00ff',
      'bearer x'
    ])
      assert.equal(
        (await exchange(port, requestText('GET /user/', [`Authorization: ${value}`]))).status,
        401,
        value
      )
  })

  await t.test('HTP-12 methods that nobody serves', async () => {
    for (const method of ['TRACE', 'PROPFIND', 'LINK', 'PURGE']) {
      const answer = await exchange(
        port,
        requestText(`${method} /login/`, ['X-Secret: tell-me-not'])
      )
      assert.ok([404, 405].includes(answer.status), `${method}: ${answer.status}`)
      assert.ok(!answer.body.includes('tell-me-not'))
    }
    assert.equal(
      problem(await exchange(port, requestText('FOO /login/')), 'malformed_request'),
      400
    )
    const { status, closed } = await exchange(port, requestText('CONNECT evil.example:443'))
    assert.ok(status === 0 || status >= 400)
    assert.ok(closed)
  })

  await t.test(
    'HTP-19 requests that two readers could read differently: 400, and the connection is over',
    async () => {
      const smuggled = 'GET /user/ HTTP/1.1\r\nHost: x\r\n\r\n'
      const head = 'POST /login/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'
      const table = [
        `${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
        `${head}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${smuggled}`,
        `${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}${smuggled}`,
        `${head}Content-Length: 2, 2\r\n\r\n{}${smuggled}`,
        `${head}Content-Length: +2\r\n\r\n{}${smuggled}`,
        `${head}Content-Length: 0x2\r\n\r\n{}${smuggled}`,
        `${head}Content-Length: -1\r\n\r\n${smuggled}`,
        `${head}Content-Length : 2\r\n\r\n{}${smuggled}`,
        `${head}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${smuggled}`,
        `${head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${smuggled}`,
        `${head}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${smuggled}`,
        `${head}Transfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n${smuggled}`,
        `${head}Transfer-Encoding: chunked\r\n\r\n2\r\n{}x\r\n0\r\n\r\n${smuggled}`,
        `GET /user/ HTTP/1.1\r\nHost: x\r\nX: a\r\n b: folded\r\n\r\n${smuggled}`,
        `GET /user/ HTTP/1.1\nHost: x\n\n${smuggled}`,
        `GET /user/ HTTP/1.1\r\nHost: x\r\nX: a\nY: b\r\n\r\n${smuggled}`,
        `GET /user/ HTTP/1.1\r\nHost: x\r\nX: a\u0000b\r\n\r\n${smuggled}`,
        `GET /user/ HTTP/1.1\r\nHost: x\r\n: nameless\r\n\r\n${smuggled}`,
        `GET /user/ HTTP/1.1\r\nHost: x\r\nX Y: z\r\n\r\n${smuggled}`,
        `GET /us er/ HTTP/1.1\r\nHost: x\r\n\r\n${smuggled}`,
        `GET /user/ HTTP/9.9\r\nHost: x\r\n\r\n${smuggled}`,
        `GET /user/\r\nHost: x\r\n\r\n${smuggled}`
      ]
      for (const text of table) {
        const { status, body, closed } = await exchange(port, Buffer.from(text, 'latin1'))
        assert.equal(status, 400, JSON.stringify(text))
        assert.ok(closed, JSON.stringify(text))
        assert.ok(!body.includes('HTTP/1.1'), `answered twice: ${JSON.stringify(text)}`)
      }
    }
  )

  await t.test('LNK-10 no host or scheme of the sender’s reaches an answer', async () => {
    const headers = [
      'X-Forwarded-Host: evil.example',
      'X-Forwarded-Proto: gopher',
      'X-Forwarded-Prefix: /evil',
      'Forwarded: host=evil.example;proto=gopher'
    ]
    const text = `GET http://evil.example/docs/json HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n${headers.join('\r\n')}\r\n\r\n`
    const { status, body, headers: got } = await exchange(port, text)
    assert.equal(status, 200)
    assert.ok(!`${body}${JSON.stringify(got)}`.includes('evil'))
    const { body: token } = await exchange(
      port,
      requestText('POST /login/', [json, ...headers], login)
    )
    const claims = Buffer.from(JSON.parse(token).access.split('.')[1], 'base64url').toString()
    assert.ok(!claims.includes('evil'))
  })

  await t.test('after all of it the service answers as at first', async () => {
    assert.equal((await readUser(client)).statusCode, 200)
    assert.equal((await exchange(port, requestText('POST /login/', [json], login))).status, 200)
  })
})

test('HTP-13 CORS', async t => {
  const service = await startApp(t)
  const { person } = await newMember(service)
  const listed = ['https://app.example', 'http://localhost:5173']
  const open = await startAppOn(t, service.databaseUrl, { CORS_ORIGINS: listed.join(', ') })
  const strangers = [
    'null',
    'https://good.evil',
    'https://app.example.evil',
    'https://evilapp.example',
    'http://app.example',
    'https://app.example:8443',
    'https://APP.example',
    'https://app.example/',
    '*'
  ]
  const preflight = (on: typeof service, origin: string, method = 'POST') =>
    on.app.inject({
      method: 'OPTIONS',
      url: '/login/',
      headers: {
        origin,
        'access-control-request-method': method,
        'access-control-request-headers': 'content-type'
      }
    })
  const corsHeaders = ({ headers }: Answer) =>
    Object.keys(headers).filter(name => name.startsWith('access-control-'))

  await t.test('is off without CORS_ORIGINS', async () => {
    const answer = await preflight(service, 'https://app.example')
    assertProblem(answer, 403, 'cross_site_request')
    assert.deepEqual(corsHeaders(answer), [])
  })

  await t.test('a listed origin may read answers, failures too, with cookies', async () => {
    for (const origin of listed) {
      const answer = await preflight(open, origin)
      assert.equal(answer.statusCode, 204)
      assert.equal(answer.headers['access-control-allow-origin'], origin)
      assert.equal(answer.headers['access-control-allow-credentials'], 'true')
      assert.match(String(answer.headers['access-control-allow-methods']), /PATCH/)
      assert.match(
        String(answer.headers['access-control-allow-headers']),
        /authorization.*x-refresh-transport/
      )
      for (const payload of [person, {}, { ...person, password: 'wrong' }]) {
        const login = await open.inject({
          method: 'POST',
          url: '/login/',
          payload,
          headers: { origin }
        })
        assert.equal(login.headers['access-control-allow-origin'], origin)
        assert.match(String(login.headers['access-control-expose-headers']), /retry-after/)
        assert.match(String(login.headers.vary), /origin/i)
      }
    }
  })

  await t.test('nobody else does, and no origin is repeated', async () => {
    for (const origin of strangers) {
      const answer = await preflight(open, origin)
      assertProblem(answer, 403, 'cross_site_request')
      const login = await open.inject({
        method: 'POST',
        url: '/login/',
        payload: person,
        headers: { origin }
      })
      for (const { headers } of [answer, login]) {
        assert.equal(headers['access-control-allow-origin'], undefined, origin)
        assert.equal(headers['access-control-allow-credentials'], undefined, origin)
        assert.match(String(headers.vary), /origin/i)
      }
    }
  })

  await t.test('OPTIONS that is no preflight is a method like others', async () => {
    const answer = await open.app.inject({
      method: 'OPTIONS',
      url: '/login/',
      headers: { origin: listed[0] }
    })
    assertProblem(answer, 405, 'method_not_allowed')
  })
})

test('HTP-13 apps in a shell, tracing libraries, and why a preflight fails', async t => {
  const shells = ['capacitor://localhost', 'tauri://localhost', 'chrome-extension://abcdefgh']
  const service = await startApp(t, {
    CORS_ORIGINS: shells.join(','),
    CORS_ALLOWED_HEADERS: 'X-Tenant, x-build'
  })
  const preflight = (origin: string, asked: string) =>
    service.app.inject({
      method: 'OPTIONS',
      url: '/refresh/',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': asked
      }
    })
  for (const origin of shells) {
    const answer = await preflight(origin, 'content-type, traceparent')
    assert.equal(answer.statusCode, 204, origin)
    assert.equal(answer.headers['access-control-allow-origin'], origin)
  }
  const answer = await preflight(shells[0] ?? '', 'x-unknown')
  assert.equal(answer.statusCode, 204)
  const allowed = String(answer.headers['access-control-allow-headers']).split(', ')
  for (const name of [
    'traceparent',
    'tracestate',
    'baggage',
    'sentry-trace',
    'x-requested-with',
    'x-tenant',
    'x-build'
  ])
    assert.ok(allowed.includes(name), name)
  assert.ok(!allowed.includes('x-unknown'))
  for (const origin of ['https://unlisted.example', 'https://other.example'])
    assertProblem(await preflight(origin, 'content-type'), 403, 'cross_site_request')
  const told = service.logs.filter(line => line.includes('CORS_ORIGINS does not list'))
  assert.equal(told.length, 1)
  assert.match(told[0] ?? '', /unlisted\.example/)
})

test('HTP-20 a request id is taken over only where it is harmless', async t => {
  const service = await startApp(t)
  const idOf = async (id: string) =>
    (await service.inject({ method: 'GET', url: '/health/live', headers: { 'x-request-id': id } }))
      .headers['x-request-id']
  for (const id of ['a', 'trace-1.2_3', 'x'.repeat(64)]) assert.equal(await idOf(id), id)
  for (const id of [
    '',
    'x'.repeat(65),
    'x'.repeat(10_000),
    'a b',
    'a"b',
    '{"level":60}',
    'é',
    '<b>',
    'a\tb',
    'a,b'
  ]) {
    assert.match(String(await idOf(id)), /^[0-9a-f-]{36}$/, id)
  }
})

test('HTP-15 behind https, HSTS', async t => {
  const service = await startApp(t, { PUBLIC_URL: 'https://id.example' })
  for (const url of ['/health/live', '/nowhere', '/docs/', '/user/']) {
    const { headers } = await service.inject({ method: 'GET', url })
    assert.match(String(headers['strict-transport-security']), /^max-age=31536000/)
  }
})

test('HTP-16 HTP-17 a defect of ours is a 500 that tells nothing, and a number to find it by', async t => {
  const service = await startApp(t)
  const { person, client } = await newMember(service)
  const other = await signedIn(service, person)
  await service.query('ALTER TABLE "Session" RENAME TO "Away"')
  const answers = [
    await presentAccess(service, client.access ?? ''),
    await refresh(other),
    await service.inject({ method: 'POST', url: '/login/', payload: person }),
    await service.inject({
      method: 'POST',
      url: '/registration/',
      payload: {
        email: newPerson().email,
        password1: 'gigantic purple hat',
        password2: 'gigantic purple hat'
      }
    })
  ]
  for (const answer of answers) {
    assertProblem(answer, 500, 'internal_error')
    assert.equal(
      answer.body,
      '{"detail":"Something went wrong on our side.","code":"internal_error"}'
    )
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.equal(answer.headers['set-cookie'], undefined)
    const id = String(answer.headers['x-request-id'])
    assert.ok(service.logs.some(line => line.includes(id) && line.includes('"level":50')))
  }
  await service.query('ALTER TABLE "Away" RENAME TO "Session"')
  assert.equal((await refresh(other)).statusCode, 200)
})
