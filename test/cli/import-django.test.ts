import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { canonicalAddress } from '../../src/base/email-address.js'
import { startApp, startAppOn, type TestApp } from '../support/app.js'
import { atEnd } from '../support/at-end.js'
import { beside, postern, type Run, startCommands } from '../support/cli.js'
import { cpuMs } from '../support/cpu.js'
import { createTestDatabase } from '../support/database.js'
import {
  cheapDump,
  type DjangoPerson,
  djangoFile,
  djangoPeople,
  djangoPerson,
  type Row
} from '../support/django.js'
import { entry } from '../support/entry.js'
import { assertProblem } from '../support/expect.js'
import { appCode } from '../support/factor.js'
import { claimsOf, newClient, readUser, signedIn, signIn } from '../support/people.js'
import { until } from '../support/until.js'

const settings = {
  ROLES: 'editor:310',
  JWT_ALLAUTH_MFA_TOTP_MODE: 'optional',
  JWT_ALLAUTH_USER_ATTRIBUTES: 'old=legacy_id',
  JWT_USER_ID: 'legacy',
  LOGIN_FAILURES_PER_NETWORK: '1000/15m'
}

type Report = {
  readonly people: readonly {
    readonly id: string | null
    readonly email: string
    readonly outcome: string
    readonly reasons: readonly string[]
  }[]
  readonly counts: Readonly<Record<string, number>>
  readonly remarks: readonly string[]
}

/** A command that works: its report. */
function reported({ code, out, err }: Run): Report {
  assert.equal(code, 0, `${out}\n${err}`)
  return JSON.parse(out)
}

/** A command that fails: one sentence on standard error, and nothing else. */
function refused({ code, out, err }: Run, expected: RegExp): void {
  assert.equal(code, 1, out)
  assert.match(err, expected)
  assert.equal(err.trim().split('\n').length, 1, err)
  assert.equal(out, '')
}

async function writeDump(t: TestContext, rows: readonly Row[] | string | Buffer): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-django-'))
  atEnd(t, () => rm(folder, { recursive: true }))
  const path = join(folder, 'dump.json')
  const isText = typeof rows === 'string' || Buffer.isBuffer(rows)
  await writeFile(path, isText ? rows : JSON.stringify(rows))
  return path
}

async function start(t: TestContext) {
  const service = await startApp(t, settings)
  const command = startCommands(t)
  const own = beside(service.databaseUrl, settings)
  const run = (...args: string[]) => command(['import', 'django', '--json', ...args], own)
  const tables = async () => {
    const rows = await Promise.all(
      ['User', 'Authenticator', 'RecoveryCode', 'Identity', 'ImportedAccount'].map(async table => {
        const [row] = await service.query(`SELECT count(*)::int4 AS n FROM "${table}"`)
        return row?.n
      })
    )
    return rows.join()
  }
  return { service, run, tables, command, own }
}

/** The statements of the old database, without the commands of psql. */
async function oldDatabase(t: TestContext): Promise<string> {
  const database = await createTestDatabase({ empty: true })
  atEnd(t, () => database.drop())
  const client = new pg.Client({ connectionString: database.adminUrl })
  await client.connect()
  const text = await readFile(djangoFile('database.sql'), 'utf8')
  const copies = /^COPY (\S+) \((.*)\) FROM stdin;\n((?:.*\n)*?)\\\.\n/gm
  const structure = text.replaceAll(/^\\.*$/gm, '').replaceAll(/^SET transaction_timeout.*$/gm, '')
  const [before = '', after = ''] = [
    structure.split(/^COPY /m)[0],
    text.slice(text.lastIndexOf('\n\\.\n') + 4).replaceAll(/^\\.*$/gm, '')
  ]
  await client.query(before)
  for (const [, table, columns = '', lines = ''] of text.matchAll(copies)) {
    for (const line of lines.split('\n').filter(Boolean)) {
      const values = line
        .split('\t')
        .map(value => (value === '\\N' ? null : value.replaceAll('\\\\', '\\')))
      const places = values.map((_, index) => `$${index + 1}`).join()
      await client.query(`INSERT INTO ${table} (${columns}) VALUES (${places})`, values)
    }
  }
  await client.query(after)
  await client.end()
  return database.adminUrl
}

test('IMP-01 every source brings the same people, a dry run brings nobody, a second run does nothing', async t => {
  const { service, run, tables, own } = await start(t)
  const dump = djangoFile('dumpdata.json')
  const dry = reported(await run(dump, '--dry-run'))
  assert.equal(await tables(), '0,0,0,0,0')
  assert.equal(dry.counts.imported, 40)

  const real = reported(await run(dump))
  assert.deepEqual(real.people, dry.people)
  assert.deepEqual(real.counts, dry.counts)
  const after = '40,3,17,1,40'
  assert.equal(await tables(), after)
  const row = async () => service.query('SELECT * FROM "User" ORDER BY "email"')
  const before = await row()

  for (const source of [dump, djangoFile('dumpdata-natural.json'), await oldDatabase(t)]) {
    const { counts } = reported(await run(source))
    assert.deepEqual(
      [counts.people, counts.imported, counts.updated, counts.unchanged, counts.skipped],
      [42, 0, 0, 40, 2],
      source
    )
  }
  const child = spawn(
    process.execPath,
    [entry('src/operator/cli/main.js'), 'import', 'django', '-', '--json'],
    {
      env: { ...own, PATH: process.env.PATH ?? '' },
      cwd: tmpdir(),
      stdio: ['pipe', 'pipe', 'inherit']
    }
  )
  child.stdin.end(await readFile(dump))
  const [text] = await Promise.all([new Response(child.stdout).text(), once(child, 'close')])
  assert.equal(JSON.parse(text).counts.unchanged, 40)
  assert.deepEqual(await row(), before)
  assert.equal(await tables(), after)

  // Who is skipped or changed has a line with the reason.
  const lines = new Map(
    real.people.map(({ id, outcome, reasons }) => [id, `${outcome}: ${reasons}`])
  )
  const expected = {
    md5: /^imported: the kind of password hash is not accepted/,
    unusable: /^imported: there is no usable password/,
    'empty-hash': /^imported: there is no usable password/,
    'own-role': /^imported: the role 300 has no name here/,
    'two-addresses': /^imported: 2 further addresses/,
    'no-email': /^skipped: there is no address/,
    'case-twin-1': /^imported: others have this address/,
    'case-twin-2': /^skipped: 2 people have this address/,
    idn: /^imported: the address is written jose7@xn--bcher-kva\.example here/
  }
  for (const [tag, reason] of Object.entries(expected))
    assert.match(lines.get(String(djangoPerson(tag).id)) ?? '', reason, tag)
  assert.equal(lines.size, Object.keys(expected).length)
})

test('IMP-02 a dump by natural keys brings the same people, without numbers; numbers come later', async t => {
  const { service, run, tables } = await start(t)
  const { remarks, counts } = reported(await run(djangoFile('dumpdata-natural.json')))
  assert.ok(remarks.some(text => /nobody gets a legacyId/.test(text)))
  assert.equal(counts.imported, 40)
  assert.equal(await tables(), '40,3,17,1,40')
  assert.equal((await service.query('SELECT FROM "User" WHERE "legacyId" IS NOT NULL')).length, 0)
  assert.equal(reported(await run(djangoFile('dumpdata.json'))).counts.unchanged, 40)
  assert.equal((await service.query('SELECT FROM "User" WHERE "legacyId" IS NOT NULL')).length, 40)
})

async function codeStep(service: TestApp, challenge: string, payload: object): Promise<number> {
  const url = 'code' in payload ? '/mfa/verify/' : '/mfa/verify-recovery/'
  const answer = await service.inject({
    method: 'POST',
    url,
    payload: { challenge_id: challenge, ...payload }
  })
  return answer.statusCode
}

test('IMP-03 HSH-02 everybody signs in with the password they had, and with their second factor', async t => {
  const { service, run, command, own } = await start(t)
  const dump = cheapDump()
  const path = await writeDump(t, dump)
  reported(await run(path, '--role', '300=editor'))
  const skipped = ['no-email', 'case-twin-2']
  const withoutPassword = ['md5', 'unusable', 'empty-hash']
  const hashOf = async (email: string) => {
    const rows = await service.query('SELECT * FROM "User" WHERE "email" = $1', [email])
    return rows[0]
  }
  const isCheap = ({ id }: DjangoPerson) =>
    dump.some(({ pk, fields }) => pk === id && /^pbkdf2_\w+\$1000\$/.test(String(fields.password)))
  const people = djangoPeople.filter(({ tag }) => !skipped.includes(tag))
  const signInAll = async (some: readonly DjangoPerson[]) => {
    for (const person of some) await t.test(`${person.tag} ${person.id}`, () => signInAs(person))
  }
  // A wrong password takes as long as the dearest kind present: that kind goes first, and is forgotten.
  await signInAll(people.filter(person => !isCheap(person)))
  await command(['purge'], own)
  await signInAll(people.filter(isCheap))

  async function signInAs(person: DjangoPerson) {
    const { tag } = person
    const email = canonicalAddress(person.email) as string
    const before = await hashOf(email)
    const names = [before?.firstName, before?.lastName, before?.legacyId, before?.isActive]
    assert.deepEqual(names, [person.first_name, person.last_name, String(person.id), person.active])
    assert.equal(before?.emailVerifiedAt !== null, person.verified)
    assert.equal(before?.createdAt.getTime(), new Date(person.date_joined).getTime())
    assert.equal(before?.role, tag === 'own-role' ? 310 : person.role)
    const send = (password: string) => signIn(newClient(service), { email: person.email, password })
    if (withoutPassword.includes(tag)) {
      assert.equal(before?.passwordHash, null)
      return assertProblem(await send(person.password ?? 'anything'), 401, 'incorrect_credentials')
    }
    const password = person.password as string
    assertProblem(await send(`${password}x`), 401, 'incorrect_credentials')
    const answer = await send(password)
    if (!person.active) return assertProblem(answer, 401, 'incorrect_credentials')
    assert.equal(answer.statusCode, 200, answer.body)
    const after = await hashOf(email)
    assert.match(after?.passwordHash, /^\$argon2id\$/)
    assert.equal(after?.credentialEpoch, before?.credentialEpoch)
    if (person.totp_secret === undefined) {
      const claims = claimsOf(answer.json().access)
      assert.deepEqual(
        [claims.user_id, claims.old, claims.sub],
        [String(person.id), person.id, before?.id]
      )
      return
    }
    const challenge = async () => (await send(password)).json().challenge_id
    const code = appCode(person.totp_secret, service.clock())
    assert.equal(await codeStep(service, answer.json().challenge_id, { code }), 200)
    for (const used of (person.recovery_codes_used ?? []).slice(0, 2))
      assert.equal(await codeStep(service, await challenge(), { recovery_code: used }), 400)
    for (const left of (person.recovery_codes_left ?? []).slice(0, 2)) {
      assert.equal(await codeStep(service, await challenge(), { recovery_code: left }), 200)
      assert.equal(await codeStep(service, await challenge(), { recovery_code: left }), 400)
    }
  }

  // Nobody was told, and nothing ended: a renewed hash is no change by the person.
  assert.equal(
    (await service.query('SELECT 1 FROM "Mail" WHERE "template" LIKE \'password%\'')).length,
    0
  )
  // Another run finds nothing to do, though the hashes are ours now.
  assert.equal(reported(await run(path, '--role', '300=editor')).counts.unchanged, 40)
  // The kinds that nobody has any more are forgotten: sign-ins cost less again.
  await command(['purge'], own)
  const left = await service.query('SELECT "scheme" FROM "PasswordScheme"')
  assert.deepEqual(
    left.map(({ scheme }) => scheme),
    ['pbkdf2_sha256$1000']
  )
  const shown = await command(['user', 'show', 'plain7@example.com', '--json'], own)
  assert.equal(JSON.parse(shown.out).legacy_id, 1)
})

const person = (pk: number, fields: object = {}): Row => ({
  model: 'auth.user',
  pk,
  fields: {
    password: '!',
    last_login: null,
    email: `person${pk}@example.com`,
    is_active: true,
    first_name: 'Ada',
    date_joined: '2025-01-01T00:00:00Z',
    ...fields
  }
})

test('IMP-04 a later run takes what is new there, and leaves alone who changed here', async t => {
  const { service, run, command, own } = await start(t)
  const hash = cheapDump().find(({ pk }) => pk === 1)?.fields.password
  const { password } = djangoPerson('plain')
  const first = [
    person(1, { password: hash }),
    person(2, { password: hash }),
    person(3),
    person(4),
    person(7)
  ]
  assert.equal(reported(await run(await writeDump(t, first))).counts.imported, 5)
  const one = { email: 'person1@example.com', password }
  const two = { email: 'person2@example.com', password }
  const client = await signedIn(service, one)
  const renamed = await signedIn(service, two)
  assert.equal((await renamed.send('PATCH', '/user/', { first_name: 'Grace' })).statusCode, 200)
  await command(['user', 'disable', 'person3@example.com'], own)

  const second = [
    person(1, { password: '!changed', first_name: 'Augusta' }),
    person(2, { first_name: 'Other' }),
    person(3),
    person(4, { is_superuser: true, email: 'moved@example.com' }),
    person(5),
    person(6, { email: 'person2@example.com' }),
    person(7, { password: hash })
  ]
  const { counts, people } = reported(await run(await writeDump(t, second)))
  assert.deepEqual(
    [counts.imported, counts.updated, counts.unchanged, counts.left, counts.skipped],
    [1, 3, 0, 1, 2]
  )
  const reasons = new Map(people.map(({ id, reasons }) => [id, reasons.join()]))
  assert.match(reasons.get('3') ?? '', /changed here since/)
  // Persons 2 and 6 share an address in the source, and nobody verified it.
  assert.match(reasons.get('2') ?? '', /2 people have this address/)
  // The password is another one there: sessions that the old one opened are over.
  assert.equal((await readUser(client)).statusCode, 401)
  assertProblem(await signIn(newClient(service), one), 401, 'incorrect_credentials')
  // And the password of person 7 is the only thing that changed.
  await signedIn(service, { email: 'person7@example.com', password })
  const rows = await service.query('SELECT * FROM "User" ORDER BY "legacyId"')
  const found = rows.map(row => [row.legacyId, row.email, row.firstName, row.role, row.isActive])
  assert.deepEqual(found, [
    ['1', 'person1@example.com', 'Augusta', 0, true],
    ['2', 'person2@example.com', 'Grace', 0, true],
    ['3', 'person3@example.com', 'Ada', 0, false],
    ['4', 'moved@example.com', 'Ada', 900, true],
    ['5', 'person5@example.com', 'Ada', 0, true],
    ['7', 'person7@example.com', 'Ada', 0, true]
  ])
})

test('IMP-01 the report names everybody who is skipped or changed, with the reason', async t => {
  const { service, command, own } = await start(t)
  const part = (model: string) => (user: number, fields: object) => ({
    model,
    pk: 1,
    fields: { user, ...fields } as Row['fields']
  })
  const factor = part('mfa.authenticator')
  const identity = part('socialaccount.socialaccount')
  const session = part('jwt_allauth.refreshtokenwhitelistmodel')
  const proven = (user: number, email: string) =>
    part('account.emailaddress')(user, { email, verified: true, primary: true })
  const live = (user: number, id: number) => {
    const hex = id.toString(16).padStart(32, '0')
    return session(user, { jti: hex, session: hex, enabled: true, created: '2026-01-01T00:00:00Z' })
  }
  const secret = 'WZ72P57GUV3KORETMYG5MJFSXZPXESIF'
  const password = cheapDump().find(({ pk }) => pk === 1)?.fields.password
  const fine = { password, date_joined: '2025-01-01T00:00:00Z' }
  const rows = [
    person(1, fine),
    person(2, { ...fine, first_name: 'a\u0000b' }),
    person(3, { ...fine, role: 0, is_superuser: true }),
    person(4, fine),
    identity(4, { provider: 'github', uid: {} }),
    person(5, fine),
    session(5, { jti: 'no uuid', session: 'x', enabled: true, created: '2026-01-01T00:00:00Z' }),
    person(6, fine),
    factor(6, { type: 'totp', data: { secret } }),
    factor(6, { type: 'webauthn', data: {} }),
    person(7, fine),
    person(8, fine),
    identity(7, { provider: 'github', uid: 'the same' }),
    identity(8, { provider: 'github', uid: 'the same' }),
    person(9, { ...fine, date_joined: 'yesterday' }),
    person(10, fine),
    ...Array.from({ length: 501 }, (_, id) => live(10, id)),
    person(11, { ...fine, email: '' }),
    person(12),
    person(13, { ...fine, role: 77 }),
    person(14, { ...fine, email: 'twin@example.com' }),
    proven(14, 'twin@example.com'),
    person(15, { ...fine, email: 'Twin@example.com' }),
    proven(15, 'Twin@example.com'),
    identity(99, { provider: 'github', uid: 'of nobody' })
  ]
  const key = ['--sessions', '--jwt-key', djangoFile('jwt-public-key.pem')]
  const arguments_ = ['import', 'django', '--json', await writeDump(t, rows), ...key]
  const off = { ...own, JWT_ALLAUTH_MFA_TOTP_MODE: 'disabled' }
  const { people, counts, remarks } = reported(await command(arguments_, off))
  const lines = people.map(({ id, outcome, reasons }) => `${id} ${outcome}: ${reasons.join('; ')}`)
  const expected = [
    /^2 imported: the first name is kept without control characters/,
    /^3 imported: is_superuser is true, and the role is 0: the role decides$/,
    /^4 imported: a social account is not readable$/,
    /^5 imported: a session is not readable: sign in again$/,
    /^6 imported: security keys are not taken, the authenticator app is$/,
    /^8 imported: the account of github belongs to another person here$/,
    /^9 imported: the date of joining is not readable or not past: today counts$/,
    /^10 imported: only the newest 500 sessions are taken$/,
    /^11 skipped: there is no address$/,
    /^12 imported: there is no usable password: the owner resets it$/,
    /^13 imported: the role 77 has no name here/,
    /^14 skipped: 2 people have this address in different spellings, and 2 verified it$/,
    /^15 skipped: 2 people have this address in different spellings, and 2 verified it$/
  ]
  assert.equal(lines.length, expected.length, lines.join('\n'))
  for (const [index, line] of lines.entries()) assert.match(line, expected[index] as RegExp)
  assert.match(remarks.join('\n'), /^1 addresses, .* belong to nobody/m)
  assert.match(remarks.join('\n'), /^1 people have a second factor, and .* is disabled/m)
  assert.equal(counts.sessions, 500)
  const [oldest] = await service.query('SELECT min("jti"::text) AS jti FROM "LegacySession"')
  assert.match(oldest?.jti, /0001$/)
})

test('IMP-05 who has an account here already is left alone', async t => {
  const { service, run } = await start(t)
  const payload = { email: 'person1@example.com', password1: 'gigantic purple hat' }
  const answer = await service.inject({
    method: 'POST',
    url: '/registration/',
    payload: { ...payload, password2: payload.password1 }
  })
  assert.equal(answer.statusCode, 201)
  const { people } = reported(await run(await writeDump(t, [person(1, { is_superuser: true })])))
  assert.deepEqual(
    people.map(({ reasons }) => reasons),
    [['an account here has this address']]
  )
  const [row] = await service.query('SELECT "role", "legacyId" FROM "User"')
  assert.deepEqual(row, { role: 0, legacyId: null })
})

test('IMP-05 an address that its owner may take back, or that somebody has, is not imported', async t => {
  const { service, run, command, own } = await start(t)
  const first = [person(1), person(2)]
  assert.equal(reported(await run(await writeDump(t, first))).counts.imported, 2)
  // Person 1 has just moved here, and may take the old address back.
  await service.query(
    `INSERT INTO "UndoRight" ("userId", "address", "createdAt", "expiresAt")
     SELECT "id", "email", now(), now() + interval '1 day' FROM "User" WHERE "legacyId" = '1'`
  )
  await service.query(`UPDATE "User" SET "email" = 'away@example.com' WHERE "legacyId" = '1'`)
  const payload = { email: 'taken@example.com', password1: 'gigantic purple hat' }
  const answer = await service.inject({
    method: 'POST',
    url: '/registration/',
    payload: { ...payload, password2: payload.password1 }
  })
  assert.equal(answer.statusCode, 201, answer.body)
  const moved = person(2, { email: 'person1@example.com' })
  const stranger = person(3, { email: 'Person1@example.com' })
  const other = person(4, { email: 'taken@example.com' })
  // Of two with one address in the source neither is taken, so each has a run of its own.
  for (const [row, outcome, reason] of [
    [moved, 'left', /address is reserved/],
    [stranger, 'skipped', /address is reserved/],
    [other, 'skipped', /an account here has this address/]
  ] as const) {
    const { people } = reported(await run(await writeDump(t, [row])))
    assert.deepEqual(
      people.map(one => one.outcome),
      [outcome]
    )
    assert.match(people[0]?.reasons.join() ?? '', reason)
  }
  // A number that has moved to an address of another imported person, and one that is somebody else's.
  const third = person(5, { email: 'person5@example.com' })
  assert.equal(reported(await run(await writeDump(t, [third]))).counts.imported, 1)
  for (const [row, outcome, reason] of [
    [person(2, { email: 'person5@example.com' }), 'left', /the new address has an account here/],
    [person(6, { email: 'person5@example.com' }), 'skipped', /another imported person has this/]
  ] as const) {
    const { people } = reported(await run(await writeDump(t, [row])))
    assert.match(`${people[0]?.outcome} ${people[0]?.reasons}`, new RegExp(`^${outcome} `))
    assert.match(people[0]?.reasons.join() ?? '', reason)
  }
  // Nobody comes back who was deleted here.
  const { code, err } = await command(['user', 'delete', 'person5@example.com', '--yes'], own)
  assert.equal(code, 0, err)
  await service.query(`DELETE FROM "User" WHERE "email" = 'person5@example.com'`)
  const { people } = reported(await run(await writeDump(t, [third])))
  assert.deepEqual(
    people.map(({ outcome, reasons }) => [outcome, ...reasons]),
    [['left', 'the account was deleted here']]
  )
  // When the right is over, the address is as free as any other.
  await service.query('DELETE FROM "UndoRight"')
  assert.equal(reported(await run(await writeDump(t, [stranger]))).counts.imported, 1)
})

test('IMP-06 a second factor that cannot be read is no reason to do without', async t => {
  const { run, tables } = await start(t)
  const factor = (user: number, type: string, data: unknown): Row => ({
    model: 'mfa.authenticator',
    pk: user * 10 + type.length,
    fields: { user, type, data, created_at: '2025-01-01T00:00:00Z' } as Row['fields']
  })
  const good = { secret: 'WZ72P57GUV3KORETMYG5MJFSXZPXESIF' }
  const rows = [
    ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(pk => person(pk)),
    factor(1, 'totp', good),
    factor(1, 'recovery_codes', { migrated_codes: ['abcd-efgh', '12345678'] }),
    factor(2, 'totp', { secret: 'gAAAAABh-sealed-by-another-adapter' }),
    factor(3, 'totp', 'no json'),
    factor(4, 'webauthn', {}),
    factor(5, 'totp', good),
    factor(5, 'recovery_codes', { seed: 7, used_mask: 'all' }),
    factor(6, 'sms', {}),
    factor(7, 'totp', good),
    factor(7, 'webauthn', {}),
    // Without an app nobody is asked for one of these.
    factor(8, 'recovery_codes', { seed: 'a'.repeat(80), used_mask: 0 }),
    // None of so many may hide the app.
    ...Array.from({ length: 600 }, () => factor(9, 'recovery_codes', {})),
    factor(9, 'totp', good),
    factor(10, 'totp', { ...good, more: 'x'.repeat(20_000) })
  ]
  const { people, counts } = reported(await run(await writeDump(t, rows)))
  const skipped = people.filter(({ outcome }) => outcome === 'skipped')
  assert.deepEqual(
    skipped.map(({ id }) => id),
    ['2', '3', '4', '5', '6', '9', '10']
  )
  for (const { reasons } of skipped) assert.match(reasons.join(), /second factor cannot be taken/)
  assert.match(skipped[5]?.reasons.join() ?? '', /there are 601 of them$/)
  assert.equal(counts.imported, 3)
  assert.equal(await tables(), '3,2,2,0,3')
})

test('IMP-07 hostile sources end in a sentence or skip a person, and write nothing by half', async t => {
  const { run, tables, service, command, own } = await start(t)
  const plain = JSON.stringify(cheapDump())
  const dumps: readonly (readonly [string | Buffer, RegExp])[] = [
    [plain.slice(0, 9000), /ends early/],
    [plain.slice(0, -1), /ends early/],
    ['', /is empty/],
    ['[]', /There are no people/],
    ['{"model": "auth.user"}', /not a list/],
    ['[1, 2]', /has no model and fields/],
    ['hello', /is not JSON/],
    [`${plain}]`, /is not JSON/],
    [Buffer.from(plain, 'utf16le'), /is not UTF-8/],
    [Buffer.concat([Buffer.from('[{"model":"'), Buffer.from([0xff, 0xfe])]), /is not UTF-8/],
    [`[${'['.repeat(100_000)}`, /ends early|before its first|not JSON/],
    [
      `[{"model":"auth.user","pk":1,"fields":{"password":"${'x'.repeat(17_000_000)}"}}]`,
      /larger than 16 MiB/
    ],
    [JSON.stringify([person(1), { ...person(2), model: 'other.user' }]), /several tables of users/]
  ]
  for (const [text, sentence] of dumps) refused(await run(await writeDump(t, text)), sentence)
  for (const [source, sentence] of [
    ['/nowhere/at/all.json', /cannot be read/],
    [tmpdir(), /cannot be read/],
    [
      'postgresql://nobody:secret@127.0.0.1:1/none',
      /^No PostgreSQL listens at 127\.0\.0\.1:1, the address in SOURCE/
    ],
    ['postgresql://[', /not a valid URL/],
    ['postgresql://a:b@127.0.0.1:1/x?connect_timeout=3', /SOURCE has the unknown parameter/],
    [service.databaseUrl, /no table of users/]
  ] as const)
    refused(await run(source), sentence)
  refused(await run(djangoFile('dumpdata.json'), '--role', '300=king'), /There is no role king/)
  refused(await run(djangoFile('dumpdata.json'), '--sessions'), /belong together/)
  refused(
    await run(djangoFile('dumpdata.json'), '--sessions', '--jwt-key', djangoFile('people.json')),
    /neither a public key/
  )
  const elsewhere = { ...own, SECRET_KEY: randomBytes(36).toString('base64') }
  refused(
    await command(['import', 'django', djangoFile('dumpdata.json')], elsewhere),
    /SECRET_KEY_FALLBACKS/
  )
  assert.equal(await tables(), '0,0,0,0,0')

  const injection = 'Robert\'); DROP TABLE "User"; --'
  const odd = JSON.stringify([
    person(1, { first_name: injection, last_name: 'a\u0000b\u202ec\ud800' }),
    person(2, { password: 5 }),
    person(3, { is_active: 'yes' }),
    person(4, { first_name: { a: 1 } }),
    person(5, { role: 1.5 }),
    person(6, { email: ['a'] }),
    person(7, { email: 'not an address' }),
    person(8, { date_joined: 'yesterday', first_name: 'x'.repeat(5000) }),
    person(9),
    person(9),
    {
      model: 'account.emailaddress',
      pk: 1,
      fields: { user: 1, email: 7, verified: 'yes', primary: 1 }
    },
    { model: 'account.emailaddress', pk: 2, fields: { user: 999, email: 'a@example.com' } },
    {
      model: 'socialaccount.socialaccount',
      pk: 1,
      fields: { user: 1, provider: 'a\u0000', uid: {} }
    },
    { model: 'auth.group', pk: 1, fields: { __proto__: null, name: 'x' } }
  ]).replace('"first_name":{"a":1}', '"first_name":"first","__proto__":{"x":1},"first_name":"last"')
  const { people, counts } = reported(await run(await writeDump(t, odd)))
  const skipped = people.filter(({ outcome }) => outcome === 'skipped').map(({ id }) => id)
  assert.deepEqual(skipped, ['2', '3', '5', '6', '7', '9', '9'])
  assert.equal(counts.imported, 3)
  const rows = await service.query('SELECT * FROM "User" ORDER BY "legacyId"')
  assert.deepEqual(
    rows.map(row => [row.firstName, row.lastName]),
    [
      [injection, 'abc'],
      ['last', ''],
      ['x'.repeat(150), '']
    ]
  )
})

test('IMP-08 people are found in any table of users, or in the one that is named', async t => {
  const { run, service } = await start(t)
  const url = await oldDatabase(t)
  const alter = async (text: string) => {
    const client = new pg.Client(url)
    await client.connect()
    await client.query(text).finally(() => client.end())
  }
  await alter(`
    ALTER TABLE jwt_allauth_jauser RENAME TO people_member;
    ALTER TABLE people_member DROP COLUMN role, DROP COLUMN username;
    DROP TABLE account_emailaddress CASCADE; DROP TABLE socialaccount_socialaccount CASCADE;
    DROP TABLE mfa_authenticator; DROP TABLE jwt_allauth_refreshtokenwhitelistmodel;
    CREATE TABLE other_user (id int PRIMARY KEY, password text, last_login timestamptz, email text)`)
  refused(await run(url), /several tables of users/)
  refused(await run(url, '--users-table', 'a"b; DROP TABLE x'), /has no table/)
  refused(await run(url, '--users-table', 'django_session'), /has no column password, email/)
  refused(
    await run(
      url,
      '--users-table',
      'people_member',
      '--sessions',
      '--jwt-key',
      djangoFile('jwt-public-key.pem')
    ),
    /no table of refresh tokens/
  )
  const { counts } = reported(await run(url, '--users-table', 'public.people_member'))
  // Without the table of addresses nobody is verified, so no twin is imported.
  assert.deepEqual([counts.people, counts.imported, counts.skipped], [42, 39, 3])
  const roles = await service.query('SELECT "role" FROM "User" WHERE "role" > 0 ORDER BY 1')
  assert.deepEqual(
    roles.map(({ role }) => role),
    [900, 1000]
  )
})

test('IMP-09 killed in the middle and run again: complete, and nothing twice', async t => {
  const { service, run, own, tables } = await start(t)
  const count = Number(process.env.IMPORT_PEOPLE ?? 3000)
  const rows = Array.from({ length: count }, (_, index) => [
    person(index + 1, { password: `pbkdf2_sha256$1000$salt${index}$${'A'.repeat(43)}=` }),
    {
      model: 'account.emailaddress',
      pk: index + 1,
      fields: {
        user: index + 1,
        email: `person${index + 1}@example.com`,
        verified: true,
        primary: true
      }
    }
  ]).flat()
  const path = await writeDump(t, rows)
  const child = spawn(
    process.execPath,
    [entry('src/operator/cli/main.js'), 'import', 'django', path],
    {
      env: { ...own, PATH: process.env.PATH ?? '' },
      cwd: tmpdir(),
      stdio: 'ignore'
    }
  )
  const exited = once(child, 'exit')
  const imported = async () => Number((await tables()).split(',')[0])
  while ((await imported()) === 0 && child.exitCode === null) await pause(5)
  // With this lock it stops between the rows of a batch.
  const blocker = new pg.Client({ connectionString: service.databaseUrl })
  await blocker.connect()
  await blocker.query('BEGIN; LOCK TABLE "ImportedAccount" IN SHARE ROW EXCLUSIVE MODE')
  await until('the import waits for the lock', async () => {
    const waiting = `SELECT 1 FROM pg_stat_activity WHERE "wait_event_type" = 'Lock'
      AND "datname" = current_database() AND "query" LIKE '%INSERT INTO "ImportedAccount"%'`
    return (await service.query(waiting)).length > 0
  })
  refused(await run(path), /Another import is running/)
  child.kill('SIGKILL')
  await exited
  await blocker.query('ROLLBACK')
  await blocker.end()
  const before = await imported()
  assert.equal(await tables(), `${before},0,0,0,${before}`)
  assert.ok(before > 0 && before < count, `${before} were imported before the end`)
  // Until the server has noticed, the lock of the first run is held.
  let again = await run(path)
  while (/Another import/.test(again.err)) {
    await pause(100)
    again = await run(path)
  }
  const { counts } = reported(again)
  assert.deepEqual([counts.imported, counts.unchanged], [count - before, before])
  assert.equal(await tables(), `${count},0,0,0,${count}`)
  assert.equal((await service.query('SELECT DISTINCT "legacyId" FROM "User"')).length, count)
})

test('ENU-02 an import is known to running instances with the next sign-in', async t => {
  const { service, run } = await start(t)
  const other = await startAppOn(t, service.databaseUrl, settings)
  reported(
    await run(
      await writeDump(t, [person(1, { password: `pbkdf2_sha256$400000$s$${'A'.repeat(43)}=` })])
    )
  )
  const send = async (email: string) => {
    const start = cpuMs()
    const payload = { email, password: 'wrong' }
    const answer = await other.inject({ method: 'POST', url: '/login/', payload })
    assert.equal(answer.statusCode, 401)
    return cpuMs() - start
  }
  await send('first@example.com') // measures the kinds
  const unknown = Math.min(await send('second@example.com'), await send('third@example.com'))
  const known = Math.min(await send('person1@example.com'), await send('person1@example.com'))
  assert.ok(unknown > known / 3, `${unknown} and ${known} ms`)
})

test('IMP-10 the command explains itself, and prints a report to read', async t => {
  const { own } = await start(t)
  const help = await postern(['import', 'django', '--help'], own)
  assert.equal(help.code, 0)
  assert.match(help.out, /--dry-run[\s\S]*--sessions[\s\S]*--jwt-key/)
  const { code, out, err } = await postern(
    ['import', 'django', djangoFile('dumpdata.json'), '--dry-run'],
    own
  )
  assert.equal(code, 0, err)
  assert.match(out, /^24 -: skipped: there is no address$/m)
  assert.match(out, /^imported: +40$/m)
  assert.match(out, /nothing was written/)
  assert.equal(err, '', 'no bar without a terminal')
})
