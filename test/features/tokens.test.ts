import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { runMaintenance } from '../../src/operator/maintenance.js'
import { publicJwk } from '../../src/tokens/keys/key-pair.js'
import { dropRetiredKeys, rotateSigningKeys } from '../../src/tokens/keys/store.js'
import { secretKey, startApp, startAppOn, type TestApp } from '../support/app.js'
import { atEnd } from '../support/at-end.js'
import {
  documentOf,
  everything,
  exampleBody,
  type Operation,
  operationsOf
} from '../support/document.js'
import { assertProblem, bearer } from '../support/expect.js'
import { byKey, bySecret, derivedKey, forge, headerOf, unsigned } from '../support/forge.js'
import {
  type Client,
  claimsOf,
  logout,
  newMember,
  present,
  presentAccess,
  readUser,
  refresh,
  setCookies,
  signedIn
} from '../support/people.js'

/** A service whose signing key the test holds, so that it can sign anything validly. */
async function startWithKey(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'postern-key-'))
  atEnd(t, () => rmSync(folder, { recursive: true }))
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const file = join(folder, 'key.pem')
  writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const service = await startApp(t, { JWT_PRIVATE_KEY_FILE: file })
  return { service, privateKey }
}

const now = () => Math.floor(Date.now() / 1000)

/** What is wrong with claims although the signature holds, beside what the caller adds. */
const wrongClaims: [string, object | string][] = [
  ['iss missing', { iss: undefined }],
  ['iss of another', { iss: 'https://evil.example' }],
  ['iss with a slash', { iss: 'http://localhost:3000/' }],
  ['iss as a list with ours in it', { iss: ['http://localhost:3000', 'https://evil.example'] }],
  ['iss as a list of ours', { iss: ['http://localhost:3000'] }],
  ['aud missing', { aud: undefined }],
  ['aud of another', { aud: 'https://evil.example' }],
  ['aud as a list', { aud: ['http://localhost:3000'] }],
  ['aud as a list of two', { aud: ['http://localhost:3000', 'x'] }],
  ['token_type missing', { token_type: undefined }],
  ['token_type in a list', { token_type: ['access'] }],
  ['exp missing', { exp: undefined }],
  ['exp null', { exp: null }],
  ['exp a text', { exp: String(now() + 1000) }],
  ['exp a fraction', { exp: now() + 1000.5 }],
  ['exp negative', { exp: -1 }],
  ['exp over', { exp: now() - 1 }],
  ['exp now', { exp: now() }],
  ['exp an object', { exp: {} }],
  ['exp true', { exp: true }],
  ['exp a list', { exp: [now() + 1000] }],
  ['exp beyond whole numbers', { exp: 1e300 }],
  ['iat missing', { iat: undefined }],
  ['iat ahead', { iat: now() + 100_000 }],
  ['iat a text', { iat: String(now()) }],
  ['nbf ahead', { nbf: now() + 100_000 }],
  ['nbf a text', { nbf: '0' }],
  ['nbf null', { nbf: null }],
  ['sub missing', { sub: undefined }],
  ['sub a list', { sub: ['019330a1-7b1c-7e3a-9c1f-2f6f1d9b1a11'] }],
  ['sub an object', { sub: { not: '' } }],
  ['sub no id', { sub: "' OR 1=1 --" }],
  ['sub with a NUL', { sub: '019330a1-7b1c-7e3a-9c1f-2f6f1d9b1a1\u0000' }],
  ['sid missing', { sid: undefined }],
  ['sid empty', { sid: '' }],
  ['sid null', { sid: null }],
  ['jti missing', { jti: undefined }],
  ['jti a number', { jti: 7 }]
]

/** Payloads that are JSON, or nearly, and no claims. */
const wrongPayloads = [
  '[]',
  '"text"',
  '7',
  'null',
  'true',
  '',
  '{',
  '[{"sub":"x"}]',
  '{"exp":1e999}'
]

test('JWT-06 JWT-13 CAP-02 every kind of token opens its own door and no other', async t => {
  const service = await startApp(t, everything)
  const { securitySchemes } = (await documentOf(service)).components
  const operations = (await operationsOf(service)).filter(({ security }) => security.length > 0)
  const { client } = await newMember(service)
  const inBody = (await newMember(service, { transport: 'body' })).client
  const user = String(claimsOf(client.access ?? '').sub)
  const end = new Date(Date.now() + 3_600_000)
  const { password_reset, set_password } = service.app.tokens.flows
  const tokens: Record<string, string> = {
    access: client.access ?? '',
    'refresh by cookie': client.refreshToken ?? '',
    'refresh by body': inBody.refreshToken ?? '',
    'known device': client.cookies.get('known_device') ?? '',
    'password reset': password_reset.issue(user, end).token,
    'set password': set_password.issue(user, end).token
  }
  for (const [kind, token] of Object.entries(tokens)) assert.match(token, /^ey/, kind)
  const belongs: Record<string, string> = {
    bearer: 'access',
    refreshCookie: 'refresh by cookie',
    passwordResetCookie: 'password reset',
    setPasswordCookie: 'set password'
  }
  const placing = (scheme: string, token: string): Record<string, string> => {
    const { type, name } = securitySchemes[scheme] ?? assert.fail(`${scheme} is not described`)
    return type === 'http' ? bearer(token) : { cookie: `${name}=${token}` }
  }
  const send = ({ method, url, body }: Operation, headers: Record<string, string>) =>
    service.inject({
      method,
      url,
      headers,
      ...(body === null ? {} : { payload: exampleBody(body) })
    })

  await t.test('the wrong kind at the right place', async () => {
    let tried = 0
    for (const operation of operations) {
      const schemes = operation.security.flatMap(Object.keys)
      // A page for everybody shows what it shows to nobody.
      const isForAll = operation.security.some(need => Object.keys(need).length === 0)
      const ofNobody = isForAll && operation.method === 'GET' ? await send(operation, {}) : null
      for (const scheme of schemes) {
        for (const [kind, token] of Object.entries(tokens)) {
          if (belongs[scheme] === kind) continue
          const answer = await send(operation, placing(scheme, token))
          const name = `${kind} as ${scheme} at ${operation.method} ${operation.path}`
          const isPage = String(answer.headers['content-type']).startsWith('text/html')
          if (ofNobody === null)
            assert.ok([400, 401].includes(answer.statusCode), `${name}: ${answer.statusCode}`)
          else assert.equal(answer.statusCode, ofNobody.statusCode, name)
          if (!isPage) assert.ok(!('access' in answer.json()), name)
          tried++
        }
      }
    }
    assert.ok(tried >= 50, `${tried} tries`)
  })

  await t.test('the right kind at the wrong place', async () => {
    const demanding = operations.filter(({ security }) =>
      security.every(need => Object.keys(need).length > 0)
    )
    for (const operation of demanding) {
      const schemes = operation.security.flatMap(Object.keys)
      const places = Object.keys(securitySchemes).filter(scheme => !schemes.includes(scheme))
      for (const place of places) {
        for (const scheme of schemes) {
          const token = tokens[belongs[scheme] ?? ''] ?? assert.fail(`no token for ${scheme}`)
          const answer = await send(operation, placing(place, token))
          assert.equal(
            answer.statusCode,
            401,
            `${scheme} as ${place} at ${operation.method} ${operation.path}`
          )
        }
      }
    }
  })

  await t.test(
    'JWT-13 nothing but a refresh token refreshes, by cookie or in the body',
    async () => {
      for (const [kind, token] of Object.entries(tokens)) {
        if (kind !== 'refresh by cookie')
          assertProblem(await present(service, token), 401, 'token_not_valid')
        if (kind !== 'refresh by body')
          assertProblem(await present(service, token, 'body'), 401, 'token_not_valid')
      }
    }
  )

  await t.test('and after all of it every session is what it was', async () => {
    assert.equal((await readUser(client)).statusCode, 200)
    assert.equal((await refresh(client)).statusCode, 200)
    assert.equal((await refresh(inBody)).statusCode, 200)
  })

  await t.test('no two kinds share a type, an audience or a key', async () => {
    const kinds = Object.entries(tokens).filter(([kind]) => kind !== 'refresh by body')
    for (const part of [
      (token: string) => claimsOf(token).aud,
      (token: string) => claimsOf(token).token_type
    ]) {
      assert.equal(new Set(kinds.map(([, token]) => part(token))).size, kinds.length)
    }
    const refreshKey = derivedKey(secretKey, 'refresh-token')
    for (const [kind, token] of kinds.filter(([kind]) => !/access|refresh/.test(kind))) {
      // Even with another kind's header and claims in place of its own, the key does not fit.
      const own = claimsOf(tokens['refresh by cookie'] ?? '')
      const posing = forge({ alg: 'HS256', typ: headerOf(token).typ }, own, bySecret(refreshKey))
      assertProblem(await present(service, posing), 401, 'token_not_valid')
      assert.equal(headerOf(token).alg, 'HS256', kind)
      assert.equal(headerOf(token).typ, kind === 'known device' ? 'kd+jwt' : 'flow+jwt', kind)
    }
  })
})

test('access tokens', async t => {
  const { service, privateKey } = await startWithKey(t)
  const { client } = await newMember(service)
  const genuine = client.access ?? ''
  const header = headerOf(genuine)
  const claims = claimsOf(genuine)
  const signed = (changes: object | string, head: object = header) =>
    forge(
      head,
      typeof changes === 'string' ? changes : { ...claims, ...changes },
      byKey(privateKey)
    )
  const refuses = async (token: string, name: string) => {
    const answer = await presentAccess(service, token)
    assert.ok(answer.statusCode === 401, `${name}: ${answer.statusCode} ${answer.body}`)
    assert.match(answer.json().code, /^(token_not_valid|bad_authorization_header)$/, name)
  }

  await t.test(
    'one made by hand as ours are is taken, so the forgeries below are well made',
    async () => {
      assert.equal((await presentAccess(service, signed({}))).statusCode, 200)
      assert.equal(
        (await presentAccess(service, signed({ iat: now() + 30, nbf: now() + 30 }))).statusCode,
        200
      )
    }
  )

  await t.test('JWT-01 none, in any case, and no signature', async () => {
    for (const alg of ['none', 'None', 'nOnE', 'NONE', '', 'ES256']) {
      await refuses(forge({ ...header, alg }, claims, unsigned), alg)
      await refuses(`${forge({ ...header, alg }, claims, unsigned)}AA`, alg)
    }
    await refuses(genuine.slice(0, genuine.lastIndexOf('.')), 'two parts')
    await refuses(`${genuine}.x`, 'four parts')
    const { alg: _, ...without } = header
    await refuses(signed({}, without), 'no alg')
  })

  await t.test(
    'JWT-02 JWT-03 the public key as a secret, in any spelling, and an empty secret',
    async () => {
      const publicKey = createPublicKey(privateKey)
      const pem = String(publicKey.export({ type: 'spki', format: 'pem' }))
      const der = publicKey.export({ type: 'spki', format: 'der' })
      const jwk = publicJwk(privateKey, 'ES256')
      const spellings: (string | Buffer)[] = [
        pem,
        pem.trim(),
        ` \n${pem}`,
        `junk${pem}`,
        pem.replaceAll('\n', '\r\n'),
        pem.replaceAll('\n', ''),
        `${pem}\n`,
        `\ufeff${pem}`,
        der,
        der.toString('base64'),
        der.toString('hex'),
        der.subarray(-65),
        JSON.stringify(jwk),
        JSON.stringify({ keys: [jwk] }),
        JSON.stringify(publicKey.export({ format: 'jwk' })),
        jwk.kid,
        '',
        Buffer.alloc(32),
        secretKey
      ]
      for (const [n, secret] of spellings.entries()) {
        for (const bits of ['256', '384', '512']) {
          const token = forge(
            { ...header, alg: `HS${bits}` },
            claims,
            bySecret(secret, `sha${bits}`)
          )
          await refuses(token, `spelling ${n}, HS${bits}`)
          await refuses(
            forge(header, claims, bySecret(secret, `sha${bits}`)),
            `spelling ${n}, as ES256`
          )
        }
      }
    }
  )

  await t.test('JWT-04 a key of the sender: kid, jku, x5u, jwk, x5c', async () => {
    const mine: KeyObject = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    const jwk = publicJwk(mine, 'ES256')
    const heads: Record<string, unknown>[] = [
      { kid: header.kid },
      { kid: jwk.kid },
      { kid: undefined },
      { kid: [header.kid] },
      { kid: { $ne: '' } },
      { kid: '../../../dev/null' },
      { kid: "x' UNION SELECT 'key' --" },
      { kid: '__proto__' },
      { kid: 'x'.repeat(3000) },
      { kid: '' },
      { kid: null },
      { kid: 0 },
      { kid: header.kid, jwk },
      { kid: header.kid, jku: 'https://evil.example/jwks.json' },
      { kid: header.kid, x5u: 'https://evil.example/cert.pem' },
      { kid: header.kid, x5c: ['MIIB'] }
    ]
    for (const head of heads) {
      const made = forge({ ...header, ...head }, claims, byKey(mine))
      await refuses(made, JSON.stringify(head).slice(0, 80))
    }
    // RFC 8725 §3.10: beside our own valid signature they are not heeded either.
    for (const extra of [
      { jwk },
      { jku: 'https://evil.example/' },
      { x5c: [] },
      { kid: [header.kid] }
    ]) {
      await refuses(signed({}, { ...header, ...extra }), JSON.stringify(extra).slice(0, 80))
    }
  })

  await t.test('JWT-05 crit, b64 and other extensions, although validly signed', async () => {
    for (const extra of [
      { crit: ['x'], x: 1 },
      { crit: [] },
      { crit: ['exp'] },
      { b64: false, crit: ['b64'] },
      { zip: 'DEF' }
    ]) {
      await refuses(signed({}, { ...header, ...extra }), JSON.stringify(extra))
    }
    for (const typ of ['JWT', 'at+JWT', 'application/at+jwt', 'rt+jwt', undefined]) {
      await refuses(signed({}, { ...header, typ }), String(typ))
    }
  })

  await t.test(
    'JWT-07 JWT-08 issuer, audience, times and names that are not quite right',
    async () => {
      for (const [name, changes] of wrongClaims) await refuses(signed(changes), name)
      for (const token_type of ['refresh', 'known_device', 'ACCESS', 'password_reset']) {
        await refuses(signed({ token_type }), token_type)
      }
    }
  )

  await t.test('JWT-09 a payload that is no object', async () => {
    for (const payload of wrongPayloads) await refuses(signed(payload), payload)
    const nested = `${'['.repeat(900)}${']'.repeat(900)}`
    await refuses(signed(nested), 'nested')
  })

  await t.test('an account or session that is not there', async () => {
    const nobody = '019330a1-7b1c-7e3a-9c1f-2f6f1d9b1a11'
    const { client: other } = await newMember(service)
    await refuses(signed({ sub: nobody }), 'sub')
    await refuses(signed({ sid: nobody }), 'sid')
    await refuses(signed({ sid: other.sessionId }), 'a session of somebody else')
  })

  await t.test('JWT-10 other spellings of a token that is good', async () => {
    const [head = '', payload = '', signature = ''] = genuine.split('.')
    const last = signature.at(-1) ?? ''
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    // 64 bytes leave four bits of the last letter unused.
    const twin = alphabet[alphabet.indexOf(last) ^ 1]
    const spellings = [
      `${head}.${payload}.${signature.slice(0, -1)}${twin}`,
      `${genuine}=`,
      `${genuine}==`,
      `${head}=.${payload}.${signature}`,
      `${head}.${payload}=.${signature}`,
      `${genuine}.`,
      `.${genuine}`,
      `${head}.${payload}.${signature.replaceAll('-', '+').replaceAll('_', '/')}+`,
      `${head}..${payload}.${signature}`,
      `${genuine}\u00a0`,
      `${genuine}%0a`,
      genuine.toUpperCase()
    ]
    for (const token of spellings) await refuses(token, token.slice(-12))
    const spaced = await service.inject({
      method: 'GET',
      url: '/user/',
      headers: bearer(`${genuine} x`)
    })
    assertProblem(spaced, 401, 'bad_authorization_header')
  })

  await t.test('JWT-12 what is no token at all', async () => {
    for (const token of [
      '%',
      '.',
      '..',
      '...',
      'a.b.c',
      'null',
      'undefined',
      '{}',
      'e30.e30.e30',
      'é.é.é'
    ])
      await refuses(token, token)
    await refuses('x'.repeat(60_000), 'long')
    await refuses(`${'x.'.repeat(5000)}`, 'many parts')
    await refuses(signed({ padding: 'x'.repeat(5000) }), 'long although signed')
  })

  await t.test('JWT-11 of two people in turn nobody is taken for the other', async () => {
    const people = [await newMember(service), await newMember(service)]
    for (let round = 0; round < 100; round++) {
      const { person, client: theirs } = people[round % 2] as (typeof people)[0]
      assert.equal((await readUser(theirs)).json().email, person.email)
    }
    // Many at a time, and one bad one among them does not spoil the good ones.
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) =>
        n % 5 === 0
          ? presentAccess(service, `${genuine}x`)
          : readUser((people[n % 2] as (typeof people)[0]).client)
      )
    )
    for (const [n, answer] of answers.entries()) {
      if (n % 5 === 0) assert.equal(answer.statusCode, 401)
      else assert.equal(answer.json().email, people[n % 2]?.person.email)
    }
  })
})

test('JWT-11 a token that was accepted is checked again with each request', async t => {
  const service = await startApp(t)
  const { person, client } = await newMember(service)
  const token = client.access ?? ''
  const statusOf = async (text: string) => (await presentAccess(service, text)).statusCode
  assert.equal(await statusOf(token), 200)
  assert.equal(await statusOf(token), 200)
  for (let at = 0; at < token.length; at += 7) {
    const other = token[at] === 'A' ? 'B' : 'A'
    assert.equal(await statusOf(token.slice(0, at) + other + token.slice(at + 1)), 401, String(at))
  }
  const signedOut = await signedIn(service, person)
  assert.equal(await statusOf(signedOut.access ?? ''), 200)
  assert.equal((await logout(signedOut)).statusCode, 200)
  assert.equal(await statusOf(signedOut.access ?? ''), 401, 'the session has ended')

  await service.app.deps.db.prisma.user.updateMany({
    where: { email: person.email },
    data: { firstName: 'Other' }
  })
  assert.equal((await presentAccess(service, token)).json().first_name, 'Other')
  await service.advance(service.config.JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME + 1)
  assert.equal(await statusOf(token), 401, 'it has expired')
})

test('refresh tokens', async t => {
  const service = await startApp(t)
  const { client } = await newMember(service)
  const genuine = client.refreshToken ?? ''
  const header = headerOf(genuine)
  const claims = claimsOf(genuine)
  const key = derivedKey(secretKey, 'refresh-token')
  const signed = (changes: object | string, head: object = header) =>
    forge(head, typeof changes === 'string' ? changes : { ...claims, ...changes }, bySecret(key))
  const refuses = async (token: string, name: string) => {
    for (const transport of ['cookie', 'body'] as const) {
      const answer = await present(service, token, transport)
      assert.equal(answer.statusCode, 401, `${name}: ${answer.body}`)
      assert.equal(answer.json().code, 'token_not_valid', name)
    }
  }

  await t.test('JWT-17 a signature that is not ours ends nobody’s session', async () => {
    const wrongKeys: (string | Buffer)[] = [
      '',
      'secret',
      secretKey,
      Buffer.from(secretKey, 'base64'),
      derivedKey(secretKey, 'known-device'),
      derivedKey(secretKey, 'flow-password_reset'),
      derivedKey(secretKey, 'flow-set_password'),
      Buffer.alloc(32)
    ]
    for (const [n, wrong] of wrongKeys.entries())
      await refuses(forge(header, claims, bySecret(wrong)), `key ${n}`)
    for (const alg of ['none', 'None', 'HS384', 'HS512', 'ES256']) {
      await refuses(forge({ ...header, alg }, claims, unsigned), `${alg} unsigned`)
      await refuses(signed({}, { ...header, alg }), `${alg} signed with HS256`)
    }
    await refuses(forge({ ...header, alg: 'HS512' }, claims, bySecret(key, 'sha512')), 'HS512')
    for (const extra of [
      { kid: 'x' },
      { crit: ['x'], x: 1 },
      { typ: 'at+jwt' },
      { typ: 'JWT' },
      { typ: undefined }
    ])
      await refuses(signed({}, { ...header, ...extra }), JSON.stringify(extra))
  })

  await t.test(
    'JWT-07 JWT-08 JWT-09 claims that are not quite right, although validly signed',
    async () => {
      // An exp that is over asks the session first and is another test's.
      for (const [name, changes] of wrongClaims.filter(([name]) => !/^exp (over|now)/.test(name)))
        await refuses(signed(changes), name)
      for (const payload of wrongPayloads) await refuses(signed(payload), payload)
      await refuses(signed({ token_type: 'access' }), 'token_type')
    }
  )

  await t.test('JWT-10 other spellings: refused, and no harm to the session', async () => {
    const cookies = [
      `${genuine}=`,
      `${genuine}%0a`,
      `${genuine}%20`,
      `%20${genuine}`,
      `${genuine}.`,
      `"${genuine}x"`
    ]
    for (const value of cookies) {
      const cookie = `refresh_token=${value}`
      const answer = await service.inject({ method: 'POST', url: '/refresh/', headers: { cookie } })
      assertProblem(answer, 401, 'token_not_valid')
    }
    for (const token of [`${genuine}=`, `${genuine}\n`, ` ${genuine}`, `${genuine} `])
      assertProblem(await present(service, token, 'body'), 401, 'token_not_valid')
  })

  await t.test(
    'one naming another session, account or step of the same person, validly signed by a lost key',
    async () => {
      const { client: other } = await newMember(service)
      const theirs = claimsOf(other.refreshToken ?? '')
      await refuses(signed({ sub: theirs.sub, user_id: theirs.sub }), 'sub')
      await refuses(signed({ sid: theirs.sid, session: theirs.sid }), 'sid')
      assert.equal((await refresh(other)).statusCode, 200)
    }
  )

  await t.test('after all of it the session is what it was', async () => {
    assert.equal(client.refreshToken, genuine)
    assert.equal((await refresh(client)).statusCode, 200)
  })
})

test('JWT-16 keys change while people are signed in', async t => {
  const service = await startApp(t)
  const other = await startAppOn(t, service.databaseUrl)
  const { person, client } = await newMember(service)
  const { db, config, keys } = service.app.deps
  const kidsOf = async (instance: TestApp): Promise<string[]> =>
    (await instance.inject({ method: 'GET', url: '/.well-known/jwks.json' }))
      .json()
      .keys.map((key: { kid: string }) => key.kid)
  const opens = async (instance: TestApp, { access }: Client) =>
    (await presentAccess(instance, access ?? '')).statusCode
  const before = await kidsOf(service)

  await t.test('instances share the keys', async () => {
    assert.deepEqual((await kidsOf(other)).sort(), [...before].sort())
    assert.equal(await opens(other, client), 200)
    assert.equal(await opens(service, await signedIn(other, person)), 200)
  })

  await t.test('the next key becomes the active one; verifiers have known it', async () => {
    assert.equal(await rotateSigningKeys(db, config, service.clock()), true)
    await keys.load()
    const fresh = await signedIn(service, person)
    const { kid } = headerOf(fresh.access ?? '')
    assert.notEqual(kid, headerOf(client.access ?? '').kid)
    assert.ok(before.includes(String(kid)))
    assert.equal((await kidsOf(service)).length, 3)
    // The other instance has not read the keys since, and knows both.
    assert.equal(await opens(other, fresh), 200)
    assert.equal(await opens(service, await signedIn(other, person)), 200)
    assert.equal(await opens(service, client), 200)
  })

  await t.test('a key that an instance has never seen makes it look again, seldom', async () => {
    assert.equal(await rotateSigningKeys(db, config, service.clock()), true)
    assert.equal(await rotateSigningKeys(db, config, service.clock()), true)
    await keys.load()
    const fresh = await signedIn(service, person)
    assert.ok(!(await kidsOf(other)).includes(String(headerOf(fresh.access ?? '').kid)))
    await other.advance(6)
    assert.equal(await opens(other, fresh), 200)
  })

  await t.test(
    'a key that is gone takes its access tokens along; refresh tokens are not its business',
    async () => {
      await dropRetiredKeys(db, new Date(service.clock().getTime() + 1000))
      await keys.load()
      assert.equal(await opens(service, client), 401)
      assert.equal((await refresh(client)).statusCode, 200)
      assert.equal(await opens(service, client), 200)
      assert.equal((await kidsOf(service)).length, 2)
    }
  )

  await t.test('of two instances whose timers ring together one rotates', async () => {
    const moment = new Date(service.clock().getTime() + 1000)
    const rotated = await Promise.all([
      rotateSigningKeys(db, config, moment, moment),
      rotateSigningKeys(other.app.deps.db, config, moment, moment)
    ])
    assert.deepEqual(rotated.sort(), [false, true])
  })
})

test('JWT-16 instances with different JWT_ALGORITHM leave each other’s keys alone', async t => {
  const service = await startApp(t)
  const { person, client } = await newMember(service)
  const other = await startAppOn(t, service.databaseUrl, { JWT_ALGORITHM: 'EdDSA' })
  const instances = [service, other]
  const rows = (algorithm: string) =>
    service.query<{ kid: string; state: string }>(
      'SELECT "kid", "state"::text FROM "SigningKey" WHERE "algorithm" = $1 ORDER BY "createdAt", "state"',
      [algorithm]
    )
  const states = async (algorithm: string) => (await rows(algorithm)).map(({ state }) => state)
  const maintain = async (instance: TestApp) =>
    assert.deepEqual((await runMaintenance(instance.app.deps)).failures, [])
  const inUse = ['active', 'next']

  await t.test(
    'each signs with its own, both are published, and a minute changes nothing',
    async () => {
      const before = [await rows('ES256'), await rows('EdDSA')]
      for (let minute = 0; minute < 3; minute++)
        for (const instance of instances) await maintain(instance)
      assert.deepEqual([await rows('ES256'), await rows('EdDSA')], before)
      for (const algorithm of ['ES256', 'EdDSA'])
        assert.deepEqual((await states(algorithm)).sort(), inUse, algorithm)
      for (const instance of instances) {
        const { access = '' } = await signedIn(instance, person)
        assert.equal(headerOf(access ?? '').alg, instance.config.JWT_ALGORITHM)
        for (const verifier of instances)
          for (const token of [access, client.access])
            assert.equal((await presentAccess(verifier, token ?? '')).statusCode, 200)
      }
    }
  )

  await t.test('a rotation is one algorithm’s own business', async () => {
    const before = await rows('ES256')
    const { db, config } = other.app.deps
    assert.equal(await rotateSigningKeys(db, config, other.clock()), true)
    assert.deepEqual(await rows('ES256'), before)
    assert.deepEqual((await states('EdDSA')).sort(), ['active', 'next', 'retired'])
  })

  await t.test(
    'keys that nobody rotates any more retire, and go with their last token',
    async () => {
      await other.advance(90 * 86_400 + 3600)
      await maintain(other)
      assert.deepEqual(
        (await states('ES256')).sort(),
        inUse,
        'another instance has a day to rotate'
      )
      await other.advance(86_400)
      await maintain(other)
      assert.deepEqual(await states('ES256'), ['retired', 'retired'])
      await other.advance(3600)
      await maintain(other)
      assert.deepEqual(await states('ES256'), [])
      assert.deepEqual((await states('EdDSA')).sort(), inUse)
      await maintain(service)
      assert.deepEqual(
        (await states('ES256')).sort(),
        inUse,
        'who still needs the algorithm makes new ones'
      )
    }
  )
})

test('OPS-02 a new SECRET_KEY signs nobody out while the old one is a fallback', async t => {
  const service = await startApp(t)
  const { person, client } = await newMember(service)
  const renewed = 'Zr7mQ2xLk9VbN4tYc6WpHs3JdF8gEa1uRiToXzKvBn5='
  const settings = { SECRET_KEY: renewed, SECRET_KEY_FALLBACKS: secretKey }
  const rotated = await startAppOn(t, service.databaseUrl, settings)

  await t.test('tokens of before are good, and those of after are under the new key', async () => {
    assert.equal((await presentAccess(rotated, client.access ?? '')).statusCode, 200)
    const answer = await present(rotated, client.refreshToken ?? '')
    assert.equal(answer.statusCode, 200)
    const token = setCookies(answer).get('refresh_token') ?? ''
    const [head = '', payload = ''] = token.split('.')
    const expected = bySecret(derivedKey(renewed, 'refresh-token'))(
      Buffer.from(`${head}.${payload}`)
    )
    assert.equal(token.split('.')[2], expected.toString('base64url'))
  })

  await t.test('a known device stays known', async () => {
    const known = { known_device: client.cookies.get('known_device') ?? '' }
    for (let n = 0; n < 30; n++) {
      await rotated.inject({
        method: 'POST',
        url: '/login/',
        payload: { email: person.email, password: 'wrong' },
        remoteAddress: `192.0.2.${n}`
      })
    }
    const login = { method: 'POST' as const, url: '/login/', payload: person }
    assert.equal((await rotated.inject(login)).statusCode, 429)
    assert.equal((await rotated.inject({ ...login, cookies: known })).statusCode, 200)
  })

  await t.test(
    'a forged token under the fallback is still none where that is left out',
    async t => {
      const without = { SECRET_KEY: renewed }
      const alone = startAppOn(t, service.databaseUrl, without)
      const outcome = await alone.then(
        async instance => (await present(instance, client.refreshToken ?? '')).statusCode,
        (error: Error) => error.name
      )
      // Either the keys were sealed anew, and the old token is refused, or the start is.
      assert.ok(outcome === 401 || outcome === 'UnsealError', String(outcome))
    }
  )
})
