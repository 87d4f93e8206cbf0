import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import Fastify from 'fastify'
import {
  createVerifier,
  expressPostern,
  fastifyPostern,
  requireAal2,
  requireFresh,
  requireRole,
  TokenError,
  type TokenProblem
} from '../../src/kit/verify/verify.js'
import { runMaintenance } from '../../src/operator/maintenance.js'
import { publicJwk } from '../../src/tokens/keys/key-pair.js'
import { dropRetiredKeys, rotateSigningKeys } from '../../src/tokens/keys/store.js'
import { atEnd } from '../support/at-end.js'
import { byKey, bySecret, forge, unsigned } from '../support/forge.js'
import { startListening } from '../support/kit.js'
import { claimsOf, newMember, signedIn } from '../support/people.js'

const issuer = 'https://auth.example'
const now = () => Math.floor(Date.now() / 1000)

/** A sign-in service of which nothing is there but the keys. */
async function startKeyServer(t: TestContext) {
  const server = { keys: [] as object[], requests: 0, isDown: false }
  const listener = createServer((_request, response) => {
    server.requests++
    response.writeHead(server.isDown ? 500 : 200).end(JSON.stringify({ keys: server.keys }))
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  atEnd(t, () => {
    listener.closeAllConnections()
    listener.close()
  })
  const { port } = listener.address() as AddressInfo
  return Object.assign(server, { jwksUri: `http://127.0.0.1:${port}/.well-known/jwks.json` })
}

type Signer = {
  readonly key: KeyObject
  readonly jwk: ReturnType<typeof publicJwk>
  sign(claims?: object | string, header?: object): string
}

const goodClaims = () => ({
  iss: issuer,
  aud: issuer,
  sub: randomUUID(),
  sid: randomUUID(),
  jti: randomUUID(),
  token_type: 'access',
  iat: now(),
  exp: now() + 1800,
  auth_time: now(),
  amr: ['pwd'],
  acr: 'aal1',
  role: 300,
  role_name: 'user'
})

function newSigner(): Signer {
  const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = publicJwk(key, 'ES256')
  return {
    key,
    jwk,
    sign: (claims = {}, header = {}) =>
      forge(
        { alg: 'ES256', typ: 'at+jwt', kid: jwk.kid, ...header },
        typeof claims === 'string' ? claims : { ...goodClaims(), ...claims },
        byKey(key)
      )
  }
}

async function startVerifying(t: TestContext) {
  const server = await startKeyServer(t)
  const signer = newSigner()
  server.keys = [signer.jwk]
  return { server, signer, verifier: createVerifier({ issuer, jwksUri: server.jwksUri }) }
}

const refused = (reason: TokenProblem) => (error: unknown) => {
  assert.ok(error instanceof TokenError, String(error))
  assert.equal(error.reason, reason)
  return true
}

/** Lets time pass on the clock by which keys grow old. */
function pass(t: TestContext, seconds: number) {
  const real = performance.now.bind(performance)
  t.mock.method(performance, 'now', () => real() + seconds * 1000)
}

test('KIT-07 JWT-07 JWT-08 JWT-09 claims that are wrong are refused although the signature holds', async t => {
  const { signer, verifier } = await startVerifying(t)
  assert.equal((await verifier.verify(signer.sign({ name: 'Ada' }))).name, 'Ada')
  await verifier.verify(signer.sign({ iat: now() + 3, nbf: now() + 3 }))
  await verifier.verify(signer.sign({ aud: [issuer] }))
  const table: [TokenProblem, object | string][] = [
    ['issuer', { iss: undefined }],
    ['issuer', { iss: 'https://evil.example' }],
    ['issuer', { iss: `${issuer}/` }],
    ['issuer', { iss: [issuer] }],
    ['audience', { aud: undefined }],
    ['audience', { aud: 'https://evil.example' }],
    ['audience', { aud: [issuer, 'https://evil.example'] }],
    ['audience', { aud: [issuer, 7] }],
    ['audience', { aud: [] }],
    ['type', { token_type: undefined }],
    ['type', { token_type: 'refresh' }],
    ['type', { token_type: ['access'] }],
    ['claims', { exp: undefined }],
    ['claims', { exp: null }],
    ['claims', { exp: String(now() + 1000) }],
    ['claims', { exp: now() + 1000.5 }],
    ['claims', { exp: 1e300 }],
    ['expired', { exp: -1 }],
    ['expired', { exp: now() - 6 }],
    ['claims', { iat: undefined }],
    ['claims', { iat: '7' }],
    ['claims', { iat: -1 }],
    ['not_yet_valid', { iat: now() + 30 }],
    ['not_yet_valid', { nbf: now() + 30 }],
    ['claims', { nbf: '0' }],
    ['claims', { sub: undefined }],
    ['claims', { sub: ['x'] }],
    ['claims', { sid: null }],
    ['malformed', '[]'],
    ['malformed', '"text"'],
    ['malformed', '7'],
    ['malformed', 'null'],
    ['malformed', '{'],
    ['claims', JSON.stringify(goodClaims()).replace(/"exp":\d+/, '"exp":1e999')]
  ]
  for (const [reason, claims] of table)
    await assert.rejects(
      verifier.verify(signer.sign(claims)),
      refused(reason),
      JSON.stringify(claims)
    )
})

test('KIT-07 JWT-01 JWT-02 JWT-03 JWT-04 JWT-05 a token chooses neither its algorithm nor its key', async t => {
  const { server, signer, verifier } = await startVerifying(t)
  const { kid } = signer.jwk
  const header = { alg: 'ES256', typ: 'at+jwt', kid }
  const rejects = async (token: string, ...reasons: TokenProblem[]) => {
    const error = await verifier.verify(token).catch((caught: unknown) => caught)
    assert.ok(error instanceof TokenError, `${token} is taken`)
    assert.ok(reasons.length === 0 || reasons.includes(error.reason), error.reason)
  }
  for (const alg of ['none', 'None', 'nOnE', '', 'ES256']) {
    await rejects(forge({ ...header, alg }, goodClaims(), unsigned), 'malformed')
    await rejects(`${forge({ ...header, alg }, goodClaims(), unsigned)}AA`)
  }
  const publicKey = createPublicKey(signer.key)
  const pem = String(publicKey.export({ type: 'spki', format: 'pem' }))
  const secrets = [
    '',
    pem,
    ` ${pem}`,
    pem.trim(),
    publicKey.export({ type: 'spki', format: 'der' }),
    JSON.stringify(signer.jwk),
    String(signer.jwk.x)
  ]
  for (const secret of secrets)
    for (const alg of ['HS256', 'ES256'])
      await rejects(forge({ ...header, alg }, goodClaims(), bySecret(secret)))
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  await rejects(forge({ ...header, alg: 'RS256' }, goodClaims(), byKey(rsa)), 'unknown_key')
  await rejects(forge({ ...header, alg: 'PS256' }, goodClaims(), byKey(rsa)), 'algorithm')

  const thief = newSigner()
  await rejects(thief.sign({}, { kid }), 'signature')
  for (const wrong of [
    undefined,
    null,
    7,
    [kid],
    {},
    '',
    '../../etc/passwd',
    "' OR 1=1",
    'x'.repeat(9e3)
  ])
    await rejects(signer.sign({}, { kid: wrong }))
  const own = `http://127.0.0.1:${new URL(server.jwksUri).port}/own`
  const before = server.requests
  for (const extra of [{ jwk: thief.jwk }, { jku: own }, { x5u: own }, { x5c: ['AA=='] }])
    await rejects(thief.sign({}, { kid, ...extra }), 'signature')
  assert.equal(server.requests, before, 'no address inside a token is asked')
  await rejects(signer.sign({}, { crit: ['x'], x: 1 }), 'malformed')
  await rejects(signer.sign({}, { crit: ['b64'], b64: false }))
  for (const typ of [undefined, 'JWT', 'rt+jwt', 'flow+jwt', '', ['at+jwt']])
    await rejects(signer.sign({}, { typ }), 'type', 'malformed')
})

test('KIT-07 JWT-10 a token in another encoding of the same bytes is refused', async t => {
  const { signer, verifier } = await startVerifying(t)
  const token = signer.sign()
  await verifier.verify(token)
  const last = token.at(-1) as string
  const neighbour = { A: 'B', Q: 'R', g: 'h', w: 'x' }[last] as string
  const variants = [
    `${token}=`,
    `${token}==`,
    ` ${token}`,
    `${token}\n`,
    token.replace('.', ' .'),
    token.slice(0, -1) + neighbour,
    `${token.slice(0, -3)}\n${token.slice(-3)}`,
    `${token}.`,
    `.${token}`,
    token.replace(/\.[^.]+$/, ''),
    '',
    'x'.repeat(20_000)
  ]
  for (const variant of variants)
    await assert.rejects(verifier.verify(variant), refused('malformed'), JSON.stringify(variant))
  for (const none of [undefined, null, 7, [token], { token }])
    await assert.rejects(verifier.verify(none as unknown as string), refused('malformed'))
})

test('KIT-07 JWT-11 many tokens at once: each gives its own claims', async t => {
  const { signer, verifier } = await startVerifying(t)
  const subjects = Array.from({ length: 500 }, () => randomUUID())
  const found = await Promise.all(subjects.map(sub => verifier.verify(signer.sign({ sub }))))
  assert.deepEqual(
    found.map(({ sub }) => sub),
    subjects
  )
})

test('KIT-08 JWT-06 of all that the service signs only access tokens are taken', async t => {
  const service = await startListening(t)
  const { client } = await newMember(service)
  const inBody = (await newMember(service, { transport: 'body' })).client
  const end = new Date(Date.now() + 3_600_000)
  const user = String(claimsOf(client.access ?? '').sub)
  const verifier = createVerifier({ issuer: service.url })
  assert.equal((await verifier.verify(client.access ?? '')).sub, user)
  const others = [
    client.refreshToken,
    inBody.refreshToken,
    client.cookies.get('known_device'),
    service.app.tokens.flows.password_reset.issue(user, end).token
  ]
  for (const token of others)
    await assert.rejects(verifier.verify(token ?? ''), (error: unknown) => {
      assert.ok(error instanceof TokenError)
      return ['algorithm', 'unknown_key'].includes(error.reason)
    })
})

test('KIT-08 JWT-16 keys rotate under load: no good token is refused, and none of a withdrawn key taken', async t => {
  const service = await startListening(t)
  const { db, config, keys } = service.app.deps
  const { person } = await newMember(service)
  const verifier = createVerifier({ issuer: service.url })
  const tokens: string[] = []
  let isRunning = true
  let verified = 0
  const thief = newSigner()
  const load = Array.from({ length: 8 }, async () => {
    while (isRunning || verified < 100) {
      for (const token of tokens) await verifier.verify(token)
      await assert.rejects(verifier.verify(thief.sign({}, { kid: keys.jwks()[0]?.kid })))
      verified++
      await new Promise(setImmediate)
    }
  })
  for (let rotation = 0; rotation < 4; rotation++) {
    tokens.push((await signedIn(service, person)).access ?? '')
    await new Promise(resolve => setTimeout(resolve, 20))
    // A key is published for longer than the key set may be kept before it signs.
    pass(t, 301)
    await verifier.verify(tokens[0] as string)
    await rotateSigningKeys(db, config, service.clock())
    await keys.load()
  }
  isRunning = false
  await Promise.all(load)

  const first = tokens.shift() as string
  await dropRetiredKeys(db, new Date(service.clock().getTime() + 1000))
  await keys.load()
  pass(t, 3600)
  await assert.rejects(verifier.verify(first), refused('unknown_key'))
  assert.deepEqual((await runMaintenance(service.app.deps)).failures, [])
})

test('KIT-08 an unknown key leads to one request in half a minute', async t => {
  const { server, signer, verifier } = await startVerifying(t)
  await verifier.verify(signer.sign())
  const stranger = newSigner()
  await Promise.all(
    Array.from({ length: 50 }, () =>
      assert.rejects(verifier.verify(stranger.sign()), refused('unknown_key'))
    )
  )
  assert.equal(server.requests, 1, 'the keys were fetched a moment ago')
  pass(t, 31)
  await Promise.all(
    Array.from({ length: 50 }, () =>
      assert.rejects(verifier.verify(stranger.sign()), refused('unknown_key'))
    )
  )
  assert.equal(server.requests, 2)
  server.keys.push(stranger.jwk)
  pass(t, 31)
  await Promise.all(Array.from({ length: 50 }, () => verifier.verify(stranger.sign())))
  assert.equal(server.requests, 3)
})

test('KIT-08 an outage of the sign-in service of less than an hour stops nobody', async t => {
  const { server, signer, verifier } = await startVerifying(t)
  server.isDown = true
  await assert.rejects(verifier.verify(signer.sign()), refused('keys_unavailable'))
  server.isDown = false
  await verifier.verify(signer.sign())
  server.isDown = true
  pass(t, 3000)
  await verifier.verify(signer.sign())
  pass(t, 700)
  await assert.rejects(verifier.verify(signer.sign()), refused('keys_unavailable'))
  server.isDown = false
  await verifier.verify(signer.sign())
})

test('guards demand a role, a recent proof and a second factor', async t => {
  const { signer, verifier } = await startVerifying(t)
  const staff = signer.sign({ role: 1000, role_name: 'staff' })
  await verifier.verify(staff, requireRole('staff'))
  await verifier.verify(staff, requireRole('superuser', 1000))
  await assert.rejects(verifier.verify(signer.sign(), requireRole('staff', 1000)), refused('role'))
  await verifier.verify(signer.sign({ auth_time: now() - 50 }), requireFresh(60))
  for (const auth_time of [now() - 70, undefined, 'x'])
    await assert.rejects(
      verifier.verify(signer.sign({ auth_time }), requireFresh(60)),
      refused('not_fresh')
    )
  await verifier.verify(signer.sign({ acr: 'aal2' }), requireAal2)
  await assert.rejects(verifier.verify(signer.sign(), requireAal2), refused('second_factor'))
})

test('the Fastify plugin answers as Postern does, and puts the claims into request.auth', async t => {
  const { server, signer, verifier } = await startVerifying(t)
  const app = Fastify()
  atEnd(t, () => app.close())
  await app.register(fastifyPostern, { verifier })
  app.get('/me', async request => ({ sub: request.auth?.sub }))
  app.get('/open', { config: { postern: false } }, async request => ({ auth: request.auth }))
  app.get('/staff', { config: { postern: [requireRole('staff')] } }, async () => ({}))
  app.get('/pay', { config: { postern: [requireFresh(60), requireAal2] } }, async () => ({}))
  const get = (url: string, token?: string) =>
    app.inject({
      url,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` }
    })
  server.isDown = true
  const unavailable = await get('/me', signer.sign())
  assert.equal(unavailable.statusCode, 503)
  assert.equal(unavailable.headers['retry-after'], '5')
  server.isDown = false
  const sub = randomUUID()
  assert.deepEqual((await get('/me', signer.sign({ sub }))).json(), { sub })
  assert.deepEqual((await get('/open')).json(), { auth: null })
  const missing = await get('/me')
  assert.equal(missing.statusCode, 401)
  assert.equal(missing.headers['www-authenticate'], 'Bearer')
  assert.equal(missing.json().code, 'not_authenticated')
  const expired = await get('/me', signer.sign({ exp: now() - 60 }))
  assert.equal(expired.headers['www-authenticate'], 'Bearer error="invalid_token"')
  assert.equal(expired.json().code, 'token_not_valid')
  const role = await get('/staff', signer.sign())
  assert.equal(role.statusCode, 403)
  assert.equal(role.json().code, 'permission_denied')
  const stale = await get('/pay', signer.sign({ auth_time: 0 }))
  assert.equal(stale.statusCode, 401)
  assert.match(String(stale.headers['www-authenticate']), /max_age="60"/)
})

test('the middleware does the same for Express and its kind', async t => {
  const { signer, verifier } = await startVerifying(t)
  const middleware = expressPostern(verifier, requireRole('staff'))
  const server = createServer((request, response) =>
    middleware(request, response, () => {
      const { auth } = request as { auth?: { sub: string } }
      response.end(auth?.sub)
    })
  ).listen(0, '127.0.0.1')
  await once(server, 'listening')
  atEnd(t, () => server.close())
  const get = (authorization?: string) =>
    fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
      headers: { connection: 'close', ...(authorization === undefined ? {} : { authorization }) }
    })
  const sub = randomUUID()
  const staff = await get(`Bearer ${signer.sign({ sub, role_name: 'staff' })}`)
  assert.equal(await staff.text(), sub)
  assert.equal((await get()).status, 401)
  assert.equal((await get('Bearer %')).status, 401)
  assert.equal((await get('Basic eDp5')).status, 401)
  const refusal = await get(`Bearer ${signer.sign()}`)
  assert.equal(refusal.status, 403)
  assert.equal(((await refusal.json()) as { code: string }).code, 'permission_denied')
})

test('a verifier that would accept too much is not made', () => {
  assert.throws(() => createVerifier({ issuer: '' }), TypeError)
  assert.throws(() => createVerifier({ issuer, audience: [] }), TypeError)
  assert.throws(() => createVerifier({ issuer, clockTolerance: 3600 }), RangeError)
})
