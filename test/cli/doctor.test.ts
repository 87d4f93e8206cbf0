import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import pg from 'pg'
import { startApp } from '../support/app.js'
import { atEnd } from '../support/at-end.js'
import { beside, postern, startCommands } from '../support/cli.js'
import { advanceDatabaseClock, createTestDatabase } from '../support/database.js'
import { newEnrolled } from '../support/factor.js'
import { freePort } from '../support/free-port.js'
import { openMailbox } from '../support/mailbox.js'
import { newPerson } from '../support/people.js'
import { inviteByOperator } from '../support/team.js'

type Finding = { readonly check: string; readonly level: string; readonly message: string }
type Settings = Readonly<Record<string, string>>

/** Runs the doctor, and asserts that it says this of that check, and with which exit code. */
function doctorOf(t: TestContext) {
  const command = startCommands(t)
  return async (settings: Settings) => {
    const { code, out, err } = await command(['doctor', '--json'], settings)
    assert.equal(err, '')
    const { ok, findings } = JSON.parse(out) as { ok: boolean; findings: Finding[] }
    assert.equal(code, ok ? 0 : 1)
    assert.equal(
      ok,
      findings.every(({ level }) => level !== 'fail')
    )
    for (const { message } of findings) {
      assert.match(message, /^[A-Z0-9].*[.?]$/s, 'a sentence')
      assert.doesNotMatch(message, /sesame|\n\s+at /, 'no secret, no stack')
    }
    return {
      findings,
      of: (check: string, level: string, message: RegExp) => {
        const those = findings.filter(finding => finding.check === check)
        const found = those.some(it => it.level === level && message.test(it.message))
        assert.ok(found, `${check} ${level} ${message} in ${JSON.stringify(findings, null, 1)}`)
      }
    }
  }
}

/** A port that somebody listens on who says this much and no more. */
async function listenAndSay(t: TestContext, words: string): Promise<number> {
  const server = createServer(socket => {
    socket.on('error', () => {})
    socket.write(words)
  }).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  atEnd(t, () => server.close())
  return (server.address() as AddressInfo).port
}

async function folderWith(t: TestContext, files: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(join(tmpdir(), 'postern-doctor-'))
  atEnd(t, () => rm(folder, { recursive: true }))
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true })
    await writeFile(join(folder, name), content)
  }
  return folder
}

const superuser = `INSERT INTO "User" ("id", "email", "role", "createdAt", "emailVerifiedAt")
  VALUES (gen_random_uuid(), 'admin@example.com', 900, now(), now())`

test('a healthy installation is found healthy, and left as it was', async t => {
  const mailbox = await openMailbox(t)
  const settings = {
    ...mailbox.settings,
    JWT_ALLAUTH_MFA_TOTP_MODE: 'optional',
    PASSWORD_MIN_LENGTH: '15',
    PUBLIC_URL: `http://127.0.0.1:${await freePort()}`,
    MIGRATE_ON_START: 'true'
  }
  const service = await startApp(t, settings)
  await service.query(superuser)
  const doctor = doctorOf(t)
  const own = beside(service.databaseUrl, settings)
  const { findings } = await doctor(own)
  assert.deepEqual(
    findings.map(({ check, level }) => [check, level]),
    [
      'settings',
      'public-url',
      'cookies',
      'proxy',
      'templates',
      'passwords',
      'smtp',
      'database',
      'clock',
      'migrations',
      'defaults',
      'role',
      'keys',
      'second-factor',
      'outbox',
      'roles',
      'admin',
      'audit',
      'reach',
      'not-looked-at'
    ].map(check => [check, 'ok'])
  )
  assert.deepEqual(mailbox.received, [])
  const smtp = findings.find(({ check }) => check === 'smtp')
  assert.match(smtp?.message ?? '', /:\d+ answers\. Whether it accepts mails is known/)

  const told = await postern(['doctor'], own)
  assert.equal(told.code, 0)
  assert.match(told.out, /^ok {4}database +PostgreSQL \d/m)
  assert.match(told.out, /^0 failed, 0 warnings, 20 ok\.$/m)
})

test('broken settings are named one by one, and nothing is looked for behind them', async t => {
  const { findings, of } = await doctorOf(t)({
    NODE_ENV: 'production',
    DATABASE_URL: 'postgresql://ada:open-sesame@127.0.0.1:1/x',
    SECRET_KEY: 'open-sesame',
    PUBLIC_URL: 'http://auth.example.com',
    PORT: 'http',
    JWT_ALLAUTH_MFA_MODE: 'optional'
  })
  of('settings', 'fail', /SECRET_KEY must hold at least 32 bytes/)
  of('settings', 'fail', /PUBLIC_URL must be https in production/)
  of('settings', 'fail', /PORT must be a whole number/)
  of('settings', 'fail', /EMAIL_HOST must be set in production/)
  assert.ok(findings.every(({ check }) => check === 'settings'))
})

test('a place where no database can be kept is named', async t => {
  const folder = await folderWith(t, { taken: 'by a file' })
  const doctor = doctorOf(t)
  for (const path of ['taken', 'taken/data']) {
    const { of } = await doctor({ DATA_DIR: join(folder, path) })
    of('data-dir', 'fail', /leads through .*taken, which is not a directory/)
  }
})

test('a misspelt setting is told with the nearest one', async t => {
  const { of } = await doctorOf(t)(
    beside('postgresql://x@127.0.0.1:1/x', { JWT_ALLAUTH_MFA_MODE: 'optional' })
  )
  of('settings', 'warn', /JWT_ALLAUTH_MFA_MODE is not a setting; the nearest is JWT_ALLAUTH_/)
})

test('a database that cannot be used is told from its many kinds', async t => {
  const doctor = doctorOf(t)
  const database = await createTestDatabase()
  atEnd(t, () => database.drop())
  const port = await listenAndSay(t, 'nonsense')
  const other = new URL(database.url)
  other.pathname = '/no_such_database'

  for (const [url, message] of [
    ['postgresql://ada:open-sesame@127.0.0.1:1/x', /No PostgreSQL listens at 127\.0\.0\.1:1/],
    [
      'postgresql://ada:open-sesame@no-such-host.invalid/x',
      /host no-such-host\.invalid of DATABASE_URL/
    ],
    [other.href, /There is no database no_such_database/],
    [`postgresql://ada:open-sesame@127.0.0.1:${port}/x`, /cannot be used|does not answer/]
  ] as const) {
    const { of, findings } = await doctor(beside(url))
    of('database', 'fail', message)
    assert.ok(!findings.some(({ check }) => check === 'keys'))
  }
})

test('a database without its tables, without rights to them, or read-only', async t => {
  const doctor = doctorOf(t)
  const empty = await createTestDatabase({ empty: true })
  atEnd(t, () => empty.drop())
  const lacking = await doctor(beside(empty.url))
  lacking.of('migrations', 'fail', /The database lacks \d{14}_.*postern migrate/)
  const willMigrate = await doctor(beside(empty.url, { MIGRATE_ON_START: 'true' }))
  willMigrate.of('migrations', 'warn', /The next start applies them/)

  const database = await createTestDatabase()
  const role = `postern_doctor_${process.pid}`
  const run = async (sql: string) => {
    const client = new pg.Client(database.adminUrl)
    await client.connect()
    await client.query(sql).finally(() => client.end())
  }
  atEnd(t, async () => {
    await run(`REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ${role}; DROP ROLE ${role}`)
    await database.drop()
  })
  await run(`CREATE ROLE ${role}; GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`)
  const as = new URL(database.adminUrl)
  as.searchParams.set('options', `-c role=${role}`)
  const reader = await doctor(beside(as.href))
  reader.of('role', 'fail', new RegExp(`The role ${role} may not read and write .*"?User`))

  as.searchParams.set('options', '-c default_transaction_read_only=on')
  const standby = await doctor(beside(as.href))
  standby.of('database', 'fail', /read-only: it is a standby, or set to read-only/)
})

test('clocks that disagree', async t => {
  const doctor = doctorOf(t)
  const database = await createTestDatabase()
  atEnd(t, () => database.drop())
  await advanceDatabaseClock(database.url, 20_000)
  const slow = await doctor(beside(database.url))
  slow.of('clock', 'warn', /clock is (19|20|21) seconds behind the database's/)
  await advanceDatabaseClock(database.url, -200_000)
  const fast = await doctor(beside(database.url))
  fast.of('clock', 'fail', /clock is 1(79|80|81) seconds ahead of the database's.*NTP/)
})

test('an SMTP server that is away, mute, deaf to us or not what the settings say', async t => {
  const doctor = doctorOf(t)
  const database = await createTestDatabase()
  atEnd(t, () => database.drop())
  const mailbox = await openMailbox(t)
  const { EMAIL_PORT } = mailbox.settings
  const host = { EMAIL_HOST: '127.0.0.1' }
  const ask = async (settings: Settings) => doctor(beside(database.url, { ...host, ...settings }))

  const away = await ask({ EMAIL_PORT: '1' })
  away.of('smtp', 'fail', /No server listens at 127\.0\.0\.1:1\./)
  const unknown = await ask({ EMAIL_HOST: 'no-such-host.invalid' })
  unknown.of('smtp', 'fail', /EMAIL_HOST cannot be resolved/)
  const noTls = await ask({ EMAIL_PORT, EMAIL_USE_TLS: 'true' })
  noTls.of('smtp', 'fail', /does not offer STARTTLS/)
  const notSsl = await ask({ EMAIL_PORT, EMAIL_USE_SSL: 'true' })
  notSsl.of('smtp', 'fail', /does not use TLS from the first byte/)
  mailbox.misbehave({ at: 'sign-in', by: 535 })
  const stranger = { EMAIL_HOST_USER: 'ada', EMAIL_HOST_PASSWORD: 'open-sesame' }
  const refusing = await ask({ EMAIL_PORT, ...stranger })
  refusing.of('smtp', 'fail', /refuses the sign-in \(535\)/)
  mailbox.misbehave(null)
  const welcoming = await ask({ EMAIL_PORT, ...stranger })
  welcoming.of('smtp', 'ok', /:\d+ answers and does not refuse EMAIL_HOST_USER\. Whether/)
  const selfSigned = await openMailbox(t, { tls: true })
  const distrusted = await ask({ ...selfSigned.settings, EMAIL_USE_TLS: 'true' })
  distrusted.of('smtp', 'fail', /not trusted: .*set NODE_EXTRA_CA_CERTS to a PEM file/)
  const mute = await ask({ EMAIL_PORT: String(await listenAndSay(t, '')) })
  mute.of('smtp', 'fail', /does not answer in time/)
  const dkim = { DKIM_DOMAIN: 'x.example', DKIM_SELECTOR: 'a', DKIM_PRIVATE_KEY_FILE: '/no/key' }
  const unsigned = await ask({ EMAIL_PORT, ...dkim })
  unsigned.of('smtp', 'fail', /DKIM_PRIVATE_KEY_FILE must name a readable PEM file/)
  const off = await doctor(beside(database.url, { EMAIL_DISABLED: 'true' }))
  off.of('smtp', 'ok', /no mail is sent/)
})

test('a secret that is not the one of the database, old keys, and factors that nobody can open', async t => {
  const doctor = doctorOf(t)
  const settings = { JWT_ALLAUTH_MFA_TOTP_MODE: 'optional' }
  const service = await startApp(t, settings)
  await newEnrolled(service)
  const ours = beside(service.databaseUrl, settings)
  const other = { SECRET_KEY: 'Y2xhc3NpYyBsb25nIGtleSB0aGF0IGlzIG5vdCB0aGUgb25l' }

  const wrong = await doctor({ ...ours, ...other })
  wrong.of('keys', 'fail', /SECRET_KEY does not open the signing keys/)
  wrong.of('second-factor', 'fail', /second factor of 1 person is sealed with a SECRET_KEY/)
  const rotating = { ...other, SECRET_KEY_FALLBACKS: ours.SECRET_KEY as string }
  const rotated = await doctor({ ...ours, ...rotating })
  rotated.of('keys', 'warn', /still sealed with SECRET_KEY_FALLBACKS/)
  rotated.of('second-factor', 'ok', /1 person has set up a second factor/)

  const ignored = await doctor({ ...ours, JWT_ALLAUTH_MFA_TOTP_MODE: 'disabled' })
  ignored.of('second-factor', 'warn', /is disabled, and 1 person has set up a second factor/)

  await service.query(`UPDATE "SigningKey" SET "activatedAt" = now() - interval '100 days 1 hour'
    WHERE "state" = 'active'`)
  const old = await doctor(ours)
  old.of('keys', 'warn', /signing key is 100 days old and should have been rotated/)
  const noFile = await doctor({ ...ours, JWT_PRIVATE_KEY_FILE: '/no/such/key.pem' })
  noFile.of('keys', 'fail', /JWT_PRIVATE_KEY_FILE must name a readable PEM file/)
})

test('mails that nobody sends or that were given up, and nobody to administer', async t => {
  const doctor = doctorOf(t)
  const service = await startApp(t, { MAIL_WORKER: 'false', EMAIL_HOST: '127.0.0.1' })
  const ours = beside(service.databaseUrl, { EMAIL_DISABLED: 'false', MAIL_WORKER: 'false' })
  const before = await doctor(ours)
  before.of('admin', 'warn', /There is no superuser\. Create one with: postern admin create/)
  await inviteByOperator(service, newPerson().email, 'superuser')
  const insert = (state: string, due: string) =>
    service.query(`INSERT INTO "Mail" ("id", "template", "recipient", "locale", "params", "state", "nextAttemptAt", "createdAt", "settledAt")
      VALUES (gen_random_uuid(), 'password-changed', 'a@example.com', 'en', '{}', '${state}', now() - interval '${due}', now(),
        ${state === 'dead' ? 'now()' : 'NULL'})`)
  await insert('queued', '5 minutes')
  const patient = await doctor(ours)
  patient.of('outbox', 'ok', /No mail is overdue/)
  patient.of('admin', 'ok', /open invitation/)
  await insert('queued', '1 hour')
  await insert('dead', '1 day')
  const stuck = await doctor(ours)
  stuck.of('outbox', 'warn', /1 mail has been due for more than ten minutes.*is a worker running/)
  stuck.of('outbox', 'warn', /1 mail was given up.*mail list --state dead/)
})

test('origin, cookies, proxy, templates and Redis that do not fit', async t => {
  const doctor = doctorOf(t)
  const database = await createTestDatabase()
  atEnd(t, () => database.drop())
  const ask = async (settings: Settings) => doctor(beside(database.url, settings))

  const https = await ask({ PUBLIC_URL: 'https://auth.example.com' })
  https.of('proxy', 'warn', /TRUST_PROXY is empty: every client counts as that proxy/)
  https.of('public-url', 'warn', /NODE_ENV is not "production"/)
  const open = await ask({
    PUBLIC_URL: 'https://auth.example.com',
    TRUST_PROXY: '10.0.0.1,0.0.0.0/0'
  })
  open.of('proxy', 'fail', /TRUST_PROXY lists 0\.0\.0\.0\/0: every client can claim any address/)
  const local = await ask({ HOST: '0.0.0.0' })
  local.of('public-url', 'warn', /mailed links will work on this machine only/)
  const plain = await ask({
    PUBLIC_URL: 'http://auth.example.com',
    PASSWORD_SET_COOKIE_SECURE: 'true'
  })
  plain.of('public-url', 'warn', /travel unencrypted/)
  plain.of('cookies', 'fail', /Secure, and PUBLIC_URL is http: browsers will ignore it/)
  const path = await ask({ BASE_PATH: '/auth', JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_PATH: '/api' })
  path.of('cookies', 'fail', /will not send the refresh token to \/auth\/refresh\//)
  const fitting = await ask({ BASE_PATH: '/auth', JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_PATH: '/auth' })
  fitting.of('cookies', 'ok', /./)
  const foreign = await ask({
    PUBLIC_URL: 'https://auth.example.com',
    CORS_ORIGINS: 'https://app.example.com,https://app.example.org',
    PASSWORD_SET_REDIRECT: 'https://elsewhere.example.com/choose'
  })
  foreign.of('cookies', 'warn', /lists https:\/\/app\.example\.org, another site than PUBLIC_URL/)
  foreign.of(
    'cookies',
    'warn',
    /PASSWORD_SET_REDIRECT leads to https:\/\/elsewhere\.example\.com, which is not in CORS_ORIGINS/
  )

  const TEMPLATES_DIR = await folderWith(t, { 'mails/invitation/subject.hbs': '{{#if' })
  const broken = await ask({ TEMPLATES_DIR })
  broken.of('templates', 'fail', /mails\/invitation\/subject\.hbs does not compile/)
  const redis = await ask({ REDIS_URL: 'redis://:open-sesame@127.0.0.1:1' })
  redis.of('redis', 'fail', /The Redis at 127\.0\.0\.1:1 does not answer/)
})
