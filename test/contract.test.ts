import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import Schema from 'typebox/schema'
import { buildApp } from '../src/app.js'
import { loadConfig } from '../src/base/config/load.js'
import { catalogue } from '../src/base/errors/catalogue.js'
import { packageRoot } from '../src/base/package-root.js'
import { secretKey, startApp, type TestApp } from './support/app.js'
import { atEnd } from './support/at-end.js'
import { resolved } from './support/conformity.js'
import {
  documentOf,
  everything,
  exampleBody,
  type Operation,
  operationsOf
} from './support/document.js'
import { bearer } from './support/expect.js'
import { appCode, beginSetup, challengeFor } from './support/factor.js'
import { askReset, generous, queuedLink, unsent } from './support/links.js'
import {
  type Answer,
  newClient,
  newMember,
  newPerson,
  type Person,
  signedIn,
  signIn,
  signUp
} from './support/people.js'
import { inviteByOperator, openLink, sendInvitation } from './support/team.js'

type Media = { schema?: object; example?: unknown; examples?: Record<string, { value: unknown }> }

const complies = (schema: unknown, value: unknown): boolean =>
  Schema.Compile(schema as Parameters<typeof Schema.Compile>[0]).Check(value)

const examplesOf = ({ example, examples }: Media): unknown[] =>
  example === undefined ? Object.values(examples ?? {}).map(({ value }) => value) : [example]

test('the document', async t => {
  const service = await startApp(t, everything)
  const document = await documentOf(service)
  const operations = await operationsOf(service)
  const raw = document as unknown as { tags: { name: string; description?: string }[] }

  await t.test('is valid OpenAPI 3.1 to a linter that is not ours', async () => {
    const config = await createConfig({
      extends: ['recommended-strict'],
      rules: {
        // All paths of the API end in a slash, and the server of a development document is a local one.
        'no-path-trailing-slash': 'off',
        'no-server-example.com': 'off',
        // What a form posts to goes on somewhere else.
        'operation-2xx-response': 'off'
      }
    })
    const source = JSON.stringify(document)
    const problems = await lintFromString({ source, absoluteRef: 'openapi.json', config })
    const told = problems.map(
      ({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`
    )
    assert.deepEqual(told, [])
  })

  await t.test('has every operation named, summed up, grouped and guarded', () => {
    const tags = raw.tags.map(({ name }) => name)
    const schemes = Object.keys(document.components.securitySchemes)
    const ids = operations.map(({ operationId }) => operationId)
    assert.equal(new Set(ids).size, ids.length)
    for (const { raw: described, method, path } of operations) {
      const name = `${method} ${path}`
      const {
        operationId,
        summary,
        tags: own,
        security
      } = described as {
        operationId: string
        summary: string
        tags: string[]
        security: object[]
      }
      assert.match(operationId ?? '', /^[a-z][A-Za-z]+$/, name)
      assert.ok(summary?.length > 5 && !summary.endsWith('.'), `${name}: ${summary}`)
      assert.equal(own?.length, 1, name)
      assert.ok(tags.includes(own[0] ?? ''), `${name}: ${own}`)
      assert.ok(Array.isArray(security), `${name} does not say what guards it`)
      for (const scheme of security.flatMap(Object.keys))
        assert.ok(schemes.includes(scheme), `${name}: ${scheme}`)
    }
    assert.ok(raw.tags.every(({ description }) => description))
  })

  await t.test('has a closed, bounded body and an example of it', () => {
    for (const { body, method, path } of operations) {
      if (body === null) continue
      const name = `${method} ${path}`
      assert.equal(body.additionalProperties, false, `${name} takes anything`)
      for (const [field, schema] of Object.entries(body.properties ?? {})) {
        if (schema.type !== 'string') continue
        assert.ok(
          'maxLength' in schema || 'pattern' in schema || 'enum' in schema || 'const' in schema,
          `${name}: ${field} has no bound`
        )
      }
      assert.ok(
        complies(resolved(body, document), exampleBody(body)),
        `${name}: the example does not comply`
      )
    }
  })

  await t.test(
    'has for every status a description, and for every body a schema and an example that complies',
    () => {
      for (const { responses, method, path } of operations) {
        for (const status of ['429', '500', '503'])
          assert.ok(status in responses, `${method} ${path} ${status}`)
        for (const [status, response] of Object.entries(responses)) {
          const name = `${method} ${path} ${status}`
          const { description, content = {} } = response as {
            description?: string
            content?: Record<string, Media>
          }
          assert.ok(description && description !== 'Default Response', name)
          for (const media of Object.values(content)) {
            assert.ok(media.schema, name)
            const examples = examplesOf(media)
            assert.ok(examples.length > 0, `${name} has no example`)
            const schema = resolved(media.schema, document)
            for (const example of examples)
              assert.ok(complies(schema, example), `${name}: ${JSON.stringify(example)}`)
          }
        }
      }
    }
  )

  await t.test('shows of every error the one body and the codes it can have', () => {
    for (const { responses, method, path } of operations) {
      for (const [status, { content = {} }] of Object.entries(responses)) {
        if (Number(status) < 400) continue
        const { schema } = content['application/json'] as {
          schema: { allOf: [object, { properties: { code: { enum: string[] } } }] }
        }
        assert.deepEqual(schema.allOf[0], { $ref: '#/components/schemas/Problem' })
        const codes = schema.allOf[1].properties.code.enum
        assert.ok(codes.length > 0)
        for (const code of codes)
          assert.equal(
            catalogue[code as keyof typeof catalogue],
            Number(status),
            `${method} ${path} ${code}`
          )
      }
    }
  })

  await t.test('holds no keyword that only our validator knows', () => {
    const standard = [
      'date-time',
      'date',
      'uuid',
      'email',
      'uri',
      'binary',
      'byte',
      'int32',
      'int64',
      'password'
    ]
    const formats = JSON.stringify(document).matchAll(/"format":"([^"]+)"/g)
    for (const [, format] of formats) assert.ok(standard.includes(format ?? ''), format)
  })

  await t.test('names the cookies and the headers that answers carry', () => {
    const login = operations.find(({ operationId }) => operationId === 'login')
      ?.responses as Record<string, { headers?: object }>
    assert.deepEqual(Object.keys(login['200']?.headers ?? {}), ['Set-Cookie'])
    assert.deepEqual(Object.keys(login['401']?.headers ?? {}), ['WWW-Authenticate'])
    assert.deepEqual(Object.keys(login['429']?.headers ?? {}), ['Retry-After'])
    const cookies = Object.values(document.components.securitySchemes).filter(
      scheme => scheme.in === 'cookie'
    )
    assert.deepEqual(cookies.map(({ name }) => name).sort(), [
      'password_reset_access_token',
      'refresh_token',
      'set_password_access_token'
    ])
  })

  await t.test(
    'HTP-21 is what is observed: statuses, bodies, content types and cookies',
    async () => {
      const observed = new Map<string, Set<number>>()
      const check = (operation: Operation, answer: Answer) => {
        const { method, path, responses } = operation
        const name = `${method} ${path} ${answer.statusCode} ${answer.body.slice(0, 200)}`
        observed.set(
          operation.operationId,
          (observed.get(operation.operationId) ?? new Set()).add(answer.statusCode)
        )
        const documented = responses[String(answer.statusCode)]
        assert.ok(documented, `${name} is not documented`)
        const type = String(answer.headers['content-type'] ?? '').split(';')[0] ?? ''
        if (answer.body === '') return
        const media = documented.content?.[type]
        assert.ok(media, `${name}: ${type} is not documented`)
        if (type === 'application/json')
          assert.ok(complies(resolved(media.schema, document), answer.json()), name)
        if (answer.headers['retry-after'] !== undefined)
          assert.ok([429, 503].includes(answer.statusCode), name)
        const cookies = [answer.headers['set-cookie'] ?? []]
          .flat()
          .map(line => String(line).split('=')[0])
        for (const cookie of cookies)
          assert.ok(
            [
              'refresh_token',
              'known_device',
              'password_reset_access_token',
              'set_password_access_token',
              'mfa_challenge'
            ].includes(String(cookie)),
            `${name}: ${cookie}`
          )
      }
      for (const operation of operations)
        await misuse(service, operation, answer => check(operation, answer))
      await useAll(service, (id, answer) => {
        check(operations.find(({ operationId }) => operationId === id) ?? assert.fail(id), answer)
      })
      const used = [
        'login',
        'refresh',
        'logout',
        'logoutAll',
        'listSessions',
        'endSession',
        'endOtherSessions',
        'readUser',
        'replaceUser',
        'updateUser',
        'exportAccount',
        'changePassword',
        'register',
        'readKeys',
        'live',
        'ready'
      ]
      for (const id of used) {
        const statuses = [...(observed.get(id) ?? [])]
        assert.ok(
          statuses.some(status => status < 300),
          `${id} was never seen to succeed: ${statuses}`
        )
      }
    }
  )
})

/** Everything that can be got wrong without knowing what an operation is for. */
async function misuse(
  service: TestApp,
  { method, url, body }: Operation,
  check: (answer: Answer) => void
) {
  const { client } = await people(service)
  const own = bearer(client.access ?? '')
  const json = { 'content-type': 'application/json' }
  const cookies = [
    'refresh_token=x',
    'password_reset_access_token=x',
    'set_password_access_token=x'
  ]
  const attempts: { headers?: Record<string, string>; payload?: string }[] = [
    {},
    { headers: bearer('a.b.c') },
    { headers: { authorization: 'Bearer' } },
    ...cookies.map(cookie => ({ headers: { cookie } })),
    { headers: { cookie: 'refresh_token=x', origin: 'https://evil.example' } },
    { headers: { accept: 'text/html' } }
  ]
  if (body !== null) {
    const example = JSON.stringify(exampleBody(body))
    attempts.push(
      { headers: { ...own, ...json }, payload: '{}' },
      { headers: { ...own, ...json }, payload: '{"unknown":1}' },
      { headers: { ...own, ...json }, payload: '{' },
      { headers: { ...own, ...json }, payload: `{"x":"${'x'.repeat(17_000)}"}` },
      { headers: { ...own, 'content-type': 'text/plain' }, payload: 'x' },
      { headers: json, payload: example },
      ...cookies.map(cookie => ({ headers: { ...json, cookie }, payload: example })),
      { headers: { ...json, 'x-refresh-transport': 'x' }, payload: example }
    )
  }
  for (const attempt of attempts) check(await service.app.inject({ method, url, ...attempt }))
}

/** One member for all misuse: none of it may end their session. */
const members = new WeakMap<TestApp, ReturnType<typeof newMember>>()
function people(service: TestApp) {
  const known = members.get(service) ?? newMember(service)
  members.set(service, known)
  return known
}

/** Each operation of the heart, used as it is meant, in both transports, and refused for its own reasons. */
async function useAll(service: TestApp, check: (operationId: string, answer: Answer) => void) {
  for (const transport of ['cookie', 'body'] as const) {
    const person = newPerson()
    const client = newClient(service, { transport })
    const { email, password } = person
    const step = async (id: string, ...request: Parameters<typeof client.send>) => {
      const answer = await client.send(...request)
      check(id, answer)
      return answer
    }
    const token = () => (transport === 'body' ? { refresh: client.refreshToken } : {})
    const form = { email, password1: password, password2: password }
    await step('register', 'POST', '/registration/', form)
    await step('register', 'POST', '/registration/', form)
    await step('register', 'POST', '/registration/', {
      ...form,
      password2: 'other',
      password1: 'x'
    })
    await step('login', 'POST', '/login/', person)
    await step('login', 'POST', '/login/', { ...person, password: 'wrong' })
    await step('refresh', 'POST', '/refresh/', token())
    await step('readUser', 'GET', '/user/')
    await step('replaceUser', 'PUT', '/user/', { email, first_name: 'Ada' })
    await step('updateUser', 'PATCH', '/user/', { last_name: 'Lovelace' })
    await step('updateUser', 'PATCH', '/user/', { last_name: 'x', password: 'wrong' })
    await step('exportAccount', 'GET', '/user/export/')
    await step('updateUser', 'PATCH', '/user/', { email: 'no address' })
    await step('listSessions', 'GET', '/sessions/')
    const other = await signedIn(service, person)
    await step('endSession', 'DELETE', `/sessions/${other.sessionId}/`)
    await step('endSession', 'DELETE', `/sessions/${other.sessionId}/`)
    await step('endOtherSessions', 'POST', '/sessions/revoke-others/', {})
    const change = {
      old_password: password,
      new_password1: 'another purple hat',
      new_password2: 'another purple hat'
    }
    await step('changePassword', 'POST', '/password/change/', { ...change, old_password: 'wrong' })
    await step('changePassword', 'POST', '/password/change/', { ...change, new_password2: 'other' })
    await step('changePassword', 'POST', '/password/change/', change)
    await service.advance(700)
    await step('updateUser', 'PATCH', '/user/', { email: newPerson().email })
    await step('logout', 'POST', '/logout/', token())
    await step('login', 'POST', '/login/', { email, password: 'another purple hat' })
    await step('logoutAll', 'POST', '/logout-all/', {})
    await step('refresh', 'POST', '/refresh/', {})
  }
  check('readKeys', await service.inject({ method: 'GET', url: '/.well-known/jwks.json' }))
  check('live', await service.inject({ method: 'GET', url: '/health/live' }))
  check('ready', await service.inject({ method: 'GET', url: '/health/ready' }))
}

test('HTP-25 the document is the same whatever the settings', async t => {
  const committed = JSON.parse(await readFile(join(packageRoot, 'docs', 'openapi.json'), 'utf8'))
  const settings: Record<string, string>[] = [
    { BASE_PATH: '/id', JWT_ALLAUTH_MFA_TOTP_MODE: 'required' },
    { EMAIL_DISABLED: 'true' },
    {
      JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION: 'true',
      EMAIL_VERIFICATION: 'mandatory',
      LOGOUT_ON_PASSWORD_CHANGE: 'false',
      JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE: 'false'
    }
  ]
  for (const some of settings) {
    const service = await startApp(t, some)
    const { servers, ...served } = await documentOf(service)
    const off = new Set<string>()
    for (const [path, operations] of Object.entries(served.paths)) {
      const { servers: atRoot, ...methods } = operations as Record<string, Operation['raw']>
      assert.equal(atRoot !== undefined, 'BASE_PATH' in some && /^\/(health|\.well)/.test(path))
      for (const operation of Object.values(methods)) {
        if (operation['x-disabled'] === true) off.add(String(operation.operationId))
        delete operation['x-disabled']
      }
      served.paths[path] = methods
    }
    const { servers: _, ...rest } = committed
    assert.deepEqual(served, rest)
    assert.deepEqual(servers, [{ url: `http://localhost:3000${some.BASE_PATH ?? ''}` }])
    assert.equal(off.has('verifyMfa'), !('JWT_ALLAUTH_MFA_TOTP_MODE' in some))
    assert.equal(off.has('requestPasswordReset'), 'EMAIL_DISABLED' in some)
    assert.equal(off.has('register'), 'JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION' in some)
    assert.ok(!off.has('login'))
    // What the routes themselves say, whose schemas validate and filter.
    const { paths } = service.app.swagger() as unknown as typeof served
    const registered = Object.values(paths).flatMap(path => Object.values(path))
    const documented = new Map(
      Object.values(committed.paths as typeof served.paths)
        .flatMap(path => Object.values(path))
        .map(operation => [operation.operationId, operation])
    )
    for (const { 'x-disabled': _off, ...operation } of registered)
      assert.deepEqual(operation, documented.get(operation.operationId))
  }
})

test('every example of a body in the document is taken as it stands', async t => {
  const service = await startApp(t, everything)
  const operations = await operationsOf(service)
  const { client, person } = await newMember(service)
  await service.query('UPDATE "User" SET "role" = 1000 WHERE "email" = $1', [person.email])
  let sent = 0
  // An account that is deleted is asked for nothing more.
  const isLast = ({ operationId }: Operation) => Number(operationId === 'deleteUser')
  for (const operation of operations.toSorted((a, b) => isLast(a) - isLast(b))) {
    const { raw, method, url, path } = operation
    const { content } = (raw.requestBody ?? {}) as { content?: Record<string, Media> }
    for (const payload of examplesOf(content?.['application/json'] ?? {})) {
      const answer = await service.inject({
        method,
        url,
        headers: bearer(client.access ?? ''),
        payload: payload as object
      })
      const name = `${method} ${path} ${JSON.stringify(payload)}: ${answer.body}`
      assert.notEqual(answer.statusCode, 415, name)
      if (answer.statusCode === 400) assert.notEqual(answer.json().code, 'validation_error', name)
      sent++
      // The next one finds the person signed in.
      if (/log|password|revoke/.test(path)) await signIn(client, person)
    }
  }
  assert.ok(sent > 25, String(sent))
})

type Changed = { new_password1: string }

test('HTP-24 every example of a body that goes with an access token or a challenge succeeds', async t => {
  const service = await startApp(t, { ...everything, ...generous, MAIL_WORKER: 'false' })
  const client = newClient(service)
  // The person that the examples are about.
  const person: Person = { email: 'ada@example.com', password: 'correct horse battery staple' }
  await signUp(client, person)
  await service.query('UPDATE "User" SET "role" = 1000')
  let secret = ''
  let recoveryCodes: string[] = []
  /** An authenticator app that shows a code that was not used yet. */
  const freshCode = async () => {
    await service.advance(30)
    return appCode(secret, service.clock())
  }
  /** What an example cannot know, by operation: in the order in which they are sent. */
  const unknown: Record<string, () => Promise<{ payload?: object; id?: string }>> = {
    resendInvitation: async () => {
      await sendInvitation(client, newPerson().email)
      const { results } = (await client.send('GET', '/invitations/')).json()
      return { id: results[0].id }
    },
    activateMfa: async () => {
      secret = (await beginSetup(client)).json().secret
      return { payload: { code: await freshCode() } }
    },
    renewRecoveryCodes: async () => ({
      payload: { code: await freshCode(), password: person.password }
    }),
    verifyMfa: async () => ({
      payload: {
        challenge_id: await challengeFor(service, person, client),
        code: await freshCode()
      }
    }),
    verifyMfaByRecoveryCode: async () => ({
      payload: {
        challenge_id: await challengeFor(service, person, client),
        recovery_code: recoveryCodes[0]
      }
    }),
    deactivateMfa: async () => ({ payload: { code: await freshCode() } }),
    changePassword: async () => ({}),
    deleteUser: async () => ({})
  }
  const rank = ({ operationId }: Operation) => Object.keys(unknown).indexOf(operationId)
  const sent: string[] = []
  for (const operation of (await operationsOf(service)).toSorted((a, b) => rank(a) - rank(b))) {
    const { operationId, method, path, raw, security } = operation
    if (rank(operation) < 0 && !security.some(one => 'bearer' in one)) continue
    const { content } = (raw.requestBody ?? {}) as { content?: Record<string, Media> }
    for (const example of examplesOf(content?.['application/json'] ?? {})) {
      const { payload, id = '' } = (await unknown[operationId]?.()) ?? {}
      const body = { ...(example as object), ...payload }
      const answer = await client.send(method, path.replace('{id}', id), body)
      assert.ok(
        answer.statusCode < 300,
        `${method} ${path} ${JSON.stringify(body)}: ${answer.body}`
      )
      sent.push(operationId)
      if (answer.body.includes('recovery_codes')) recoveryCodes = answer.json().recovery_codes
      if (operationId === 'changePassword') person.password = (body as Changed).new_password1
      if (/log/.test(path)) await signIn(client, person)
    }
  }
  assert.ok(sent.length > 14, sent.join(' '))
  for (const name of Object.keys(unknown)) assert.ok(sent.includes(name), name)
})

test('HTP-24 every example of a body that goes with a cookie or a mailed link succeeds', async t => {
  const service = await startApp(t, { ...everything, ...unsent })
  const operations = new Map(
    (await operationsOf(service)).map(operation => [operation.operationId, operation])
  )
  const person: Person = { email: 'ada@example.com', password: 'correct horse battery staple' }
  const { email } = person
  const client = newClient(service)
  await signUp(client, person)
  const link = (to: string, like: RegExp) => queuedLink(service, to, like)
  const sent: string[] = []
  /** Sends each example of an operation; `known` is what an example cannot know. */
  async function send(operationId: string, from = client, known: object = {}, key?: string) {
    const { method, path, raw } = operations.get(operationId) as Operation
    const { content } = raw.requestBody as { content: Record<string, Media> }
    const examples = examplesOf(content['application/json'] ?? {})
    assert.ok(examples.length > 0, operationId)
    for (const example of examples) {
      const answer = await from.send(method, key ?? path, { ...(example as object), ...known })
      assert.ok(answer.statusCode < 400, `${operationId}: ${answer.statusCode} ${answer.body}`)
    }
    sent.push(operationId)
  }
  const elsewhere = async () => (await signedIn(service, person)).sessionId

  await send('confirmVerification', client, {}, await link(email, /verification/))
  await send('refresh')
  await send('saveProfile')
  await send('saveEmail', client, { email: 'countess@example.com' })
  await send('confirmEmailChange', client, {}, await link('countess@example.com', /confirm/))
  await send('undoEmailChange', client, {}, await link(email, /undo/))
  await askReset(client, email)
  await client.send('GET', await link(email, /reset/))
  await send('setNewPassword')
  person.password = 'a gigantic purple hat'
  await signIn(client, person)
  await elsewhere()
  await send('endOtherDevices')
  await send('endDevice', client, { id: await elsewhere() })
  const password = person.password
  await send('downloadExport', client, { password })
  const page = await client.send('GET', '/account/mfa/setup/')
  const secret = /secret(?:=|&#x3D;)([A-Z2-7]+)/.exec(page.body)?.[1] ?? ''
  await send('turnSecondFactorOn', client, { code: appCode(secret, service.clock()) })
  await send('leaveNewRecoveryCodes')
  await send('renewCodes', client, { password })
  await send('turnSecondFactorOff', client, { password })
  const next = 'seven silver submarines'
  await send('savePassword', client, {
    old_password: password,
    new_password1: next,
    new_password2: next
  })
  const invited = await openLink(service, await inviteByOperator(service, newPerson().email))
  await send('setFirstPassword', invited.client)
  await send('deleteAccount', client, { password: next })
  await send('undoAccountDeletion', client, {}, await link(email, /delete/))

  const sentElsewhere = ({ path, security }: Operation) =>
    security.some(one => 'bearer' in one) || (security.length === 0 && !path.includes('{key}'))
  const withBody = [...operations.values()].filter(
    ({ raw, ...operation }) =>
      raw.requestBody !== undefined && !sentElsewhere({ raw, ...operation })
  )
  assert.deepEqual(withBody.map(({ operationId }) => operationId).sort(), sent.sort())
})

test('a route that does not say what authenticates it stops the start', async t => {
  const config = loadConfig({
    DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none',
    SECRET_KEY: secretKey,
    PUBLIC_URL: 'http://localhost:3000',
    LOG_LEVEL: 'silent'
  })
  const app = await buildApp(config)
  atEnd(t, () => app.close())
  assert.throws(
    () => app.get('/open', async () => 'anything'),
    /GET \/open must declare config\.auth/
  )
  app.get('/declared', { config: { auth: 'none' } }, async () => 'fine')
})
