import assert from 'node:assert/strict'
import {
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  randomUUID,
  sign
} from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { runMaintenance } from '../../src/operator/maintenance.js'
import { secretKey, startApp, startAppOn } from '../support/app.js'
import { atEnd } from '../support/at-end.js'
import { beside, startCommands } from '../support/cli.js'
import { cheapDump, djangoFile, djangoPerson, type Row } from '../support/django.js'
import { assertProblem } from '../support/expect.js'
import {
  claimsOf,
  logoutAll,
  newClient,
  present,
  presentAccess,
  readUser,
  refresh,
  revokeOthers,
  signedIn
} from '../support/people.js'

const secret = 'a secret of the old installation'
const days = 86_400

/** Refresh tokens as the old installation made them, and the rows of its whitelist. */
function oldSession(
  user: number,
  { claims = {}, row = {}, algorithm = 'HS256', key = secret }: OldOptions = {}
) {
  const [jti, session] = [randomUUID(), randomUUID()].map(id => id.replaceAll('-', ''))
  const now = Math.floor(Date.now() / 1000)
  const times = { iat: now - days, session_iat: now - days, exp: now + 60 * days }
  const payload = {
    token_type: 'refresh',
    jti,
    user_id: String(user),
    session,
    ...times,
    ...claims
  }
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${encode({ alg: algorithm, typ: 'JWT' })}.${encode(payload)}`
  const signature = signatureOf(signed, algorithm, key)
  const fields = { jti, session, user, enabled: true, created: '2026-01-01T00:00:00Z', ...row }
  return {
    token: `${signed}.${signature.toString('base64url')}`,
    row: { model: 'jwt_allauth.refreshtokenwhitelistmodel', pk: user, fields } as Row
  }
}

type OldOptions = {
  readonly claims?: object
  readonly row?: object
  readonly algorithm?: string
  readonly key?: string | KeyObject
}

/** With a text as key this is an HMAC, whatever algorithm the header names. */
function signatureOf(signed: string, algorithm: string, key: string | KeyObject): Buffer {
  const bits = /\d+$/.exec(algorithm)?.[0] ?? '256'
  if (typeof key === 'string') return createHmac(`sha${bits}`, key).update(signed).digest()
  const hash = algorithm === 'EdDSA' ? null : `sha${bits}`
  return sign(hash, Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' })
}

async function start(t: TestContext, settings: Readonly<Record<string, string>> = {}) {
  const own = { JWT_ALLAUTH_MFA_TOTP_MODE: 'optional', ...settings }
  const service = await startApp(t, own)
  const folder = await mkdtemp(join(tmpdir(), 'postern-django-'))
  atEnd(t, () => rm(folder, { recursive: true }))
  const keyFile = join(folder, 'key')
  await writeFile(keyFile, `${secret}\n`)
  const command = startCommands(t)
  const run = (...args: string[]) => command(args, beside(service.databaseUrl, own))
  const importRows = async (
    rows: readonly Row[],
    options: readonly string[] = [],
    people = cheapDump().filter(isNoSession)
  ) => {
    const path = join(folder, 'dump.json')
    await writeFile(path, JSON.stringify([...people, ...rows]))
    const all = ['import', 'django', '--json', path, ...options]
    const { code, out, err } = await run(...all)
    assert.equal(code, 0, err)
    return JSON.parse(out).counts
  }
  const withSessions = ['--sessions', '--jwt-key', keyFile]
  return { service, run, importRows, withSessions, keyFile }
}

const isNoSession = ({ model }: Row) => !model.includes('refreshtoken')
test('IMP-12 the real refresh tokens are exchanged once, in cookie and body; a second use is theft', async t => {
  const { service, run } = await start(t, { REFRESH_REUSE_GRACE_SECONDS: '10' })
  const dump = djangoFile('dumpdata.json')
  const key = ['--sessions', '--jwt-key', djangoFile('jwt-public-key.pem')]
  const sessions = async () =>
    JSON.parse((await run('import', 'django', '--json', dump, ...key)).out).counts.sessions
  assert.equal(await sessions(), 2)
  assert.equal(await sessions(), 0, 'a second run finds nothing to do')
  const transports = { plain: 'cookie', totp: 'body' } as const
  for (const [tag, transport] of Object.entries(transports)) {
    const { refresh_token: old = '', access_token: access = '' } = djangoPerson(tag)
    assertProblem(await presentAccess(service, access), 401, 'token_not_valid')
    assertProblem(await present(service, access, transport), 401, 'token_not_valid')
    const client = newClient(service, { transport })
    const answer = await refresh(client, old)
    assert.equal(answer.statusCode, 200, answer.body)
    const { amr, auth_time } = claimsOf(answer.json().access)
    assert.deepEqual(amr, tag === 'totp' ? ['pwd', 'otp'] : ['pwd'])
    assert.equal(auth_time, claimsOf(old).session_iat)
    assert.equal((await readUser(client)).json().email, djangoPerson(tag).email)
    // The answer was lost: the same token comes again, and later again.
    assert.equal((await present(service, old, transport)).statusCode, 200)
    await service.advance(11)
    const late = newClient(service, { transport })
    assert.equal((await refresh(late, old)).statusCode, 200)
    await service.advance(11)
    assert.equal((await refresh(late)).statusCode, 200)
    await service.advance(11)
    assert.equal((await refresh(late)).statusCode, 200)
    // Left behind by now.
    assertProblem(await present(service, old, transport), 401, 'refresh_reused')
    assertProblem(await refresh(late), 401, 'token_not_valid')
    assertProblem(await present(service, old, transport), 401, 'token_not_valid')
  }
  // Another run brings nothing back.
  assert.equal(await sessions(), 0)
  const { refresh_token: old = '' } = djangoPerson('plain')
  assertProblem(await present(service, old), 401, 'token_not_valid')
})

test('IMP-12 in the strict mode a second use is theft at once; many at once open one session', async t => {
  const { service, importRows, withSessions } = await start(t, { REFRESH_REUSE_GRACE_SECONDS: '0' })
  const one = oldSession(1)
  const two = oldSession(2)
  await importRows([one.row, two.row], withSessions)
  const client = newClient(service, { transport: 'body' })
  assert.equal((await refresh(client, two.token)).statusCode, 200)
  // The name of an exchanged token is no proof: neither in a forged nor in an unsigned one.
  const [header, payload] = two.token.split('.')
  for (const forged of [`${header}.${payload}.AAAA`, `e30.${payload}.e30`])
    assertProblem(await present(service, forged, 'body'), 401, 'token_not_valid')
  assert.equal((await refresh(client)).statusCode, 200)
  const answers = await Promise.all(Array.from({ length: 8 }, () => present(service, one.token)))
  const statuses = answers.map(({ statusCode }) => statusCode).sort()
  assert.equal(statuses.filter(status => status === 200).length, 1, statuses.join())
  assert.ok(answers.some(({ body }) => body.includes('refresh_reused')))
  const opened = await service.query(`SELECT 1 FROM "AuditEvent" WHERE "event" = 'session.opened'`)
  assert.equal(opened.length, 2)
})

test('IMP-13 without its row, its key, its term or its account an old token is refused', async t => {
  const { service, run, importRows, withSessions } = await start(t)
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const disabled = djangoPerson('inactive').id
  const sessions = {
    good: oldSession(1),
    turnedOff: oldSession(1, { row: { enabled: false } }),
    forged: oldSession(1, { key: 'a secret of somebody else' }),
    confused: oldSession(1, { algorithm: 'RS256', key: other.privateKey }),
    none: oldSession(1, { algorithm: 'none' }),
    expired: oldSession(1, { claims: { exp: Math.floor(Date.now() / 1000) - 1 } }),
    access: oldSession(1, { claims: { token_type: 'access' } }),
    otherUser: oldSession(1, { claims: { user_id: '2' } }),
    otherSession: oldSession(1, { claims: { session: 'another' } }),
    disabled: oldSession(disabled),
    long: oldSession(1, { claims: { more: 'x'.repeat(6200) } }),
    late: oldSession(3),
    short: oldSession(4, { claims: { exp: Math.floor(Date.now() / 1000) + 7200 } }),
    disabledHere: oldSession(5),
    unverified: oldSession(14)
  }
  const rows = Object.values(sessions).map(({ row }) => row)
  await importRows(rows)
  assertProblem(await present(service, sessions.good.token), 401, 'token_not_valid')
  assert.equal((await service.query('SELECT 1 FROM "LegacyKey"')).length, 0)

  const counts = await importRows(rows, withSessions)
  assert.equal(
    counts.sessions,
    rows.length - 2,
    'not the one turned off, nor that of a disabled account'
  )
  const stranger = oldSession(1)
  const bad = { ...sessions, stranger }
  for (const [name, { token }] of Object.entries(bad)) {
    if (['good', 'long', 'late', 'short', 'disabledHere', 'unverified'].includes(name)) continue
    for (const transport of ['cookie', 'body'] as const)
      assertProblem(await present(service, token, transport), 401, 'token_not_valid')
  }
  const { long } = sessions
  for (const text of [
    long.token,
    'a.b.c',
    `${sessions.good.token}x`,
    `${sessions.good.token}.x`,
    '..'
  ])
    assertProblem(await present(service, text), 401, 'token_not_valid')
  const [key] = await service.query('SELECT "sealedKey" FROM "LegacyKey"')
  assert.ok(!key?.sealedKey.includes(secret))

  await run('user', 'disable', 'unverified7@example.com')
  assertProblem(await present(service, sessions.unverified.token), 401, 'token_not_valid')
  // Even if the session were still open.
  await service.query(`UPDATE "User" SET "isActive" = false WHERE "legacyId" = '5'`)
  assertProblem(await present(service, sessions.disabledHere.token), 401, 'no_active_account')
  // What is exchanged in time still ends when it says so.
  assert.equal((await present(service, sessions.short.token)).statusCode, 200)
  await service.advance(3 * 3600)
  assertProblem(await present(service, sessions.short.token), 401, 'token_not_valid')
  await service.advance(31 * days)
  assertProblem(await present(service, sessions.late.token), 401, 'token_not_valid')
  assert.equal((await run('purge')).code, 0)
  assert.equal((await service.query('SELECT 1 FROM "LegacyKey"')).length, 0)
})

const pem = (key: KeyObject) =>
  String(key.export({ format: 'pem', type: key.type === 'public' ? 'spki' : 'pkcs8' }))
const curve = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve })

test('IMP-13 each kind of key verifies its own algorithms, and nothing else', async t => {
  const { service, importRows, withSessions, keyFile } = await start(t)
  const person = cheapDump().filter(({ model, pk }) => model === 'jwt_allauth.jauser' && pk === 1)
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const ed = generateKeyPairSync('ed25519')
  const [p256, p384, p521] = [curve('P-256'), curve('P-384'), curve('P-521')]
  const kinds: Readonly<Record<string, [string, string | KeyObject, ...string[]]>> = {
    secret: [secret, secret, 'HS256', 'HS384', 'HS512'],
    RSA: [pem(rsa.publicKey), rsa.privateKey, 'RS256', 'RS384', 'RS512'],
    'private key by mistake': [pem(rsa.privateKey), rsa.privateKey, 'RS256'],
    'P-256': [pem(p256.publicKey), p256.privateKey, 'ES256'],
    'P-384': [pem(p384.publicKey), p384.privateKey, 'ES384'],
    'P-521': [pem(p521.publicKey), p521.privateKey, 'ES512'],
    Ed25519: [pem(ed.publicKey), ed.privateKey, 'EdDSA']
  }
  const algorithms = ['HS256', 'HS384', 'HS512', 'RS256', 'ES256', 'ES384', 'EdDSA', 'none']
  for (const [kind, [text, key, ...own]] of Object.entries(kinds)) {
    await writeFile(keyFile, text)
    const good = own.map(algorithm => oldSession(1, { algorithm, key }))
    // Whoever knows the public key tries it as a secret, or leaves the signature out.
    const known = typeof key === 'string' ? [''] : [text, text.trim(), pem(createPublicKey(key))]
    const bad = algorithms.flatMap(algorithm =>
      own.includes(algorithm) ? [] : known.map(guess => oldSession(1, { algorithm, key: guess }))
    )
    const rows = [...good, ...bad].map(({ row }) => row)
    assert.equal((await importRows(rows, withSessions, person)).sessions, rows.length, kind)
    for (const { token } of bad)
      assertProblem(await present(service, token), 401, 'token_not_valid')
    for (const { token } of good) {
      const answer = await present(service, token)
      assert.equal(answer.statusCode, 200, `${kind}: ${answer.body}`)
    }
  }
  // The private half of a key is not kept: it has the same row as its public half.
  const [row] = await service.query('SELECT count(*)::int4 AS n FROM "LegacyKey"')
  assert.equal(row?.n, Object.keys(kinds).length - 1)
})

test('IMP-13 what could be taken for a secret by mistake is refused as a key', async t => {
  const { service, run, keyFile } = await start(t)
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwk = JSON.stringify(rsa.publicKey.export({ format: 'jwk' }))
  const sealed = { format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'x' } as const
  const der = rsa.publicKey.export({ format: 'der', type: 'spki' }).toString('base64')
  const texts = {
    empty: '',
    short: 'fifteen chars..',
    lines: `${secret}\n${secret}`,
    'one line of PEM': pem(rsa.publicKey).replaceAll('\n', '\\n'),
    'cut off': pem(rsa.publicKey).slice(0, 200),
    'PEM without its first line': pem(rsa.publicKey).split('\n').slice(1).join('\n'),
    encrypted: String(rsa.privateKey.export(sealed)),
    'RSA-PSS': pem(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey),
    X25519: pem(generateKeyPairSync('x25519').publicKey),
    Ed448: pem(generateKeyPairSync('ed448').publicKey),
    secp256k1: pem(curve('secp256k1').publicKey),
    'short RSA': pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey),
    JWK: jwk,
    'set of JWK': `{"keys":[${jwk}]}`,
    'base64 of DER': der,
    SSH: `ssh-rsa ${'A'.repeat(300)} somebody@example`
  }
  for (const [kind, text] of Object.entries(texts)) {
    await writeFile(keyFile, text)
    const file = djangoFile('dumpdata.json')
    const { code, err } = await run('import', 'django', file, '--sessions', '--jwt-key', keyFile)
    assert.equal(code, 1, kind)
    assert.match(err, /is neither a public key in PEM .* nor a secret/, kind)
  }
  assert.equal((await service.query('SELECT FROM "User"')).length, 0)
})

test('IMP-13 a key of another SECRET_KEY refuses its tokens, and the log says so', async t => {
  const { service, importRows, withSessions } = await start(t)
  const one = oldSession(1)
  await importRows([one.row], withSessions)
  // Whose signing keys are new.
  await service.query('DELETE FROM "SigningKey"')
  const SECRET_KEY = randomBytes(36).toString('base64')
  const other = await startAppOn(t, service.databaseUrl, { SECRET_KEY })
  assertProblem(await present(other, one.token), 401, 'token_not_valid')
  assert.match(other.logs.join(''), /"event":"session.old_key_unreadable"/)
  assert.equal((await present(service, one.token)).statusCode, 200)
})

test('OPS-02 the key moves to a new SECRET_KEY, and then needs the earlier one no more', async t => {
  const { service, importRows, withSessions } = await start(t)
  const [one, two] = [oldSession(1), oldSession(2)]
  await importRows([one.row, two.row], withSessions)
  const SECRET_KEY = randomBytes(36).toString('base64')
  const settings = { SECRET_KEY, SECRET_KEY_FALLBACKS: secretKey }
  const rotated = await startAppOn(t, service.databaseUrl, settings)
  assert.equal((await present(rotated, one.token)).statusCode, 200)
  assert.deepEqual((await runMaintenance(rotated.app.deps)).failures, [])
  const without = await startAppOn(t, service.databaseUrl, { SECRET_KEY })
  assert.equal((await present(without, two.token)).statusCode, 200)
})

test('IMP-13 the key goes with the last exchange, and theft is found without it', async t => {
  const { service, run, importRows, withSessions } = await start(t, {
    REFRESH_REUSE_GRACE_SECONDS: '0'
  })
  const one = oldSession(1)
  await importRows([one.row], withSessions)
  assert.equal((await run('purge')).code, 0)
  assert.equal((await service.query('SELECT 1 FROM "LegacyKey"')).length, 1)
  assert.equal((await present(service, one.token)).statusCode, 200)
  assert.equal((await run('purge')).code, 0)
  assert.equal((await service.query('SELECT 1 FROM "LegacyKey"')).length, 0)
  assertProblem(await present(service, one.token), 401, 'refresh_reused')
})

test('IMP-14 what ends sessions ends those that were not exchanged, and a later run does not revive them', async t => {
  const { service, run, importRows, withSessions } = await start(t, {
    LOGOUT_ON_PASSWORD_CHANGE: 'false'
  })
  type Owner = { readonly email: string; readonly password: string }
  const ends: Readonly<Record<string, (owner: Owner, token: string) => Promise<unknown>>> = {
    plain: async owner => logoutAll(await signedIn(service, owner)),
    'old-iterations': async owner => revokeOthers(await signedIn(service, owner)),
    'pbkdf2-sha1': async owner => {
      const client = await signedIn(service, owner)
      const [old, next] = [owner.password, 'a gigantic purple hat']
      const body = { old_password: old, new_password1: next, new_password2: next }
      const answer = await client.send('POST', '/password/change/', body)
      assert.equal(answer.statusCode, 200, answer.body)
    },
    'upper-case': ({ email }) => run('user', 'logout-all', email),
    plus: async ({ email }) => {
      await run('user', 'disable', email)
      await run('user', 'enable', email)
    },
    bulk: async (_owner, token) => {
      const payload = { refresh: token }
      const answer = await service.inject({ method: 'POST', url: '/logout/', payload })
      assert.equal(answer.statusCode, 200, answer.body)
    }
  }
  const sessions = Object.keys(ends).map(tag => {
    const { id, email, password } = djangoPerson(tag)
    return { tag, owner: { email, password }, ...oldSession(id) }
  })
  const rows = sessions.map(({ row }) => row)
  assert.equal((await importRows(rows, withSessions)).sessions, rows.length)
  for (const { tag, owner, token } of sessions) {
    await ends[tag]?.(owner, token)
    assertProblem(await present(service, token), 401, 'token_not_valid')
  }
  // Nor does the next token of such a session, which was still used there.
  const newer = sessions.map(({ tag, row }) => {
    const { session } = row.fields
    return oldSession(djangoPerson(tag).id, { claims: { session }, row: { session } })
  })
  const allRows = [...rows, ...newer.map(({ row }) => row)]
  assert.equal((await importRows(allRows, withSessions)).sessions, 0)
  for (const { token } of [...sessions, ...newer])
    assertProblem(await present(service, token), 401, 'token_not_valid')
})

test('IMP-14 an old token is no way around the second factor or a mandatory address', async t => {
  const { service, importRows, withSessions } = await start(t, {
    EMAIL_VERIFICATION: 'mandatory',
    EMAIL_HOST: '127.0.0.1',
    EMAIL_PORT: '1',
    DEFAULT_FROM_EMAIL: 'a@example.com'
  })
  const before = oldSession(21, { claims: { session_iat: 1_700_000_000 } })
  const after = oldSession(21, { claims: { session_iat: 1_795_655_074 } })
  const unverified = oldSession(14)
  await importRows([before.row, after.row, unverified.row], withSessions)
  // The session there began before the second factor was set up.
  assertProblem(await present(service, before.token), 401, 'token_not_valid')
  assert.equal((await present(service, after.token)).statusCode, 200)
  assertProblem(await present(service, unverified.token), 401, 'email_not_verified')
})
