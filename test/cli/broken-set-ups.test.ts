import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import pg from 'pg'
import { secretKey, startApp } from '../support/app.js'
import { atEnd } from '../support/at-end.js'
import { beside, startCommands } from '../support/cli.js'
import { createTestDatabase, type TestDatabase } from '../support/database.js'
import { webhookSecret } from '../support/endpoint.js'
import { freePort } from '../support/free-port.js'
import { openMailbox } from '../support/mailbox.js'

type Settings = Readonly<Record<string, string>>
type Finding = { readonly check: string; readonly level: string; readonly message: string }

/** A fault, the level that the doctor gives it, what it says of it, and what it says to do. */
type Row = readonly [level: 'warn' | 'fail', names: RegExp, says: RegExp]

/** Faults that are in the settings alone. Those of one list are there at once. */
const inSettings: readonly (readonly [settings: Settings, ...rows: Row[]])[] = [
  [
    {
      NODE_ENV: 'production',
      SECRET_KEY: 'change-me-change-me-change-me-change-me',
      PUBLIC_URL: 'http://id.example',
      PORT: 'http',
      EMAIL_USE_TLS: 'true',
      EMAIL_USE_SSL: 'true',
      CORS_ORIGINS: '*',
      RATE_LIMIT_ENABLED: 'false',
      EVENTS_WEBHOOK_URL: 'https://hooks.example',
      DKIM_DOMAIN: 'id.example',
      ROLES: 'superuser:1',
      TRUST_PROXY: '1'
    },
    ['fail', /SECRET_KEY looks like a placeholder/, /generate one with: openssl/],
    ['fail', /PUBLIC_URL must be https/, /http is allowed only for a loopback host/],
    ['fail', /PORT must be a whole number/, /from 0 to 65535/],
    ['fail', /EMAIL_HOST must be set in production/, /or EMAIL_DISABLED=true/],
    ['fail', /EMAIL_USE_TLS and EMAIL_USE_SSL/, /exclude each other/],
    ['fail', /CORS_ORIGINS must list each origin by its name/, /there is no wildcard/],
    ['fail', /RATE_LIMIT_ENABLED/, /cannot be false in production/],
    ['fail', /EVENTS_WEBHOOK_URL and EVENTS_WEBHOOK_SECRET/, /must be set together/],
    ['fail', /DKIM_DOMAIN/, /must be set together/],
    ['fail', /ROLES names .* a built-in role/, /names a role/],
    ['fail', /TRUST_PROXY must be/, /a list of addresses or CIDR ranges/]
  ],
  [
    { DATABASE_URL: 'mysql://x', SECRET_KEY_FILE: '/no/such/file', SECRET_KEY: secretKey },
    ['fail', /DATABASE_URL must be a URL/, /starts with postgresql:/],
    ['fail', /SECRET_KEY and SECRET_KEY_FILE are both set/, /remove one of them/]
  ],
  [
    {
      DATABASE_URL: 'postgresql://x@127.0.0.1:1/x?sslmod=require',
      EVENTS_WEBHOOK_URL: 'https://hooks.example',
      EVENTS_WEBHOOK_SECRET: 'hunter2'
    },
    ['fail', /DATABASE_URL has the unknown parameter sslmod/, /remove it/],
    ['fail', /EVENTS_WEBHOOK_SECRET must be whsec_/, /generate one with: echo/]
  ],
  [
    { DATABASE_URL: 'postgresql://x@127.0.0.1:1/x' },
    ['fail', /SECRET_KEY must be set together with DATABASE_URL/, /generate one with/]
  ]
]

/** Faults of an installation whose settings are valid. */
const beyond: readonly (readonly [settings: Settings, ...rows: Row[]])[] = [
  [
    {
      DATABSE_URL: 'postgresql://x',
      PUBLIC_URI: 'https://id.example',
      EMAIL_HOST: 'smtp.invalid',
      EMAIL_HOST_USER: 'ada',
      EMAIL_HOST_PASSWORD: 'hunter2',
      EVENTS_WEBHOOK_URL: 'http://hooks.invalid/postern',
      EVENTS_WEBHOOK_SECRET: webhookSecret,
      REDIS_URL: 'redis://127.0.0.1:1'
    },
    ['warn', /DATABSE_URL is not a setting/, /the nearest is DATABASE_URL/],
    ['warn', /PUBLIC_URI is not a setting/, /the nearest is PUBLIC_URL/],
    ['warn', /EMAIL_HOST_USER signs in without/, /Set one of the two/],
    ['warn', /Passwords of 8 characters are accepted/, /Set PASSWORD_MIN_LENGTH=15, or/],
    ['warn', /EVENTS_WEBHOOK_URL is http/, /Use an https URL/],
    ['fail', /EMAIL_HOST cannot be resolved/, /Is it spelt correctly\?/],
    ['fail', /The Redis at 127\.0\.0\.1:1 does not answer/, /each instance counts/]
  ],
  [
    {
      PUBLIC_URL: 'https://id.invalid',
      CORS_ORIGINS: 'https://app.other',
      JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_PATH: '/api'
    },
    [
      'warn',
      /https:\/\/id\.invalid.*its name cannot be resolved/,
      /check name, certificate and proxy/
    ],
    ['warn', /TRUST_PROXY is empty/, /List the address of the proxy/],
    ['warn', /NODE_ENV is not "production"/, /settings for development are not refused/],
    ['warn', /CORS_ORIGINS lists https:\/\/app\.other/, /Use the same domain, SameSite=None, or/],
    ['fail', /COOKIE_PATH is \/api/, /Set it to \/ or to a prefix/]
  ]
]

/** Faults in the database: what makes them, before the doctor looks. */
const inDatabase: readonly (readonly [breaks: string, ...rows: Row[]])[] = [
  [
    `GRANT CREATE ON SCHEMA public TO PUBLIC;
     INSERT INTO "User" ("id", "email", "role", "createdAt") VALUES (gen_random_uuid(), 'ada@example.com', 300, now());
     INSERT INTO "Mail" ("id", "template", "recipient", "locale", "params", "state", "nextAttemptAt", "createdAt", "settledAt")
       VALUES (gen_random_uuid(), 'password-changed', 'a@example.com', 'en', '{}', 'dead', now(), now(), now()),
         (gen_random_uuid(), 'password-changed', 'a@example.com', 'en', '{}', 'queued', now() - interval '1 hour', now(), NULL)`,
    ['warn', /The role \S+ owns the tables/, /Run the service as a role of its own/],
    ['warn', /Every role of the server may create objects/, /Run: REVOKE CREATE ON SCHEMA public/],
    [
      'warn',
      /1 person has the role 300, which is not in ROLES/,
      /give another with postern user set/
    ],
    ['warn', /There is no superuser/, /Create one with: postern admin create/],
    ['warn', /1 mail was given up/, /postern mail resend/],
    ['warn', /1 mail has been due/, /Is a service running\?/]
  ]
]

async function runAt(url: string, text: string): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  await client.query(text).finally(() => client.end())
}

async function newDatabase(t: TestContext): Promise<TestDatabase> {
  const database = await createTestDatabase()
  atEnd(t, () => database.drop())
  return database
}

test('OPS-16 thirty broken set-ups: each is named, with what to do', async t => {
  const command = startCommands(t)
  let named = 0
  async function examine(settings: Settings, rows: readonly Row[]) {
    const { out, err } = await command(['doctor', '--json'], settings)
    assert.equal(err, '')
    const { findings } = JSON.parse(out) as { findings: Finding[] }
    for (const [level, names, says] of rows) {
      const found = findings.find(it => it.level === level && names.test(it.message))
      assert.ok(found, `${level} ${names} in ${JSON.stringify(findings, null, 1)}`)
      assert.match(found.message, says)
      assert.match(found.message, /^[A-Z0-9].*[.?]$/s)
      assert.doesNotMatch(found.message, /hunter2/)
      named++
    }
  }
  const database = await newDatabase(t)
  const other = await newDatabase(t)
  for (const [settings, ...rows] of inSettings) await examine(settings, rows)
  for (const [settings, ...rows] of beyond) await examine(beside(database.url, settings), rows)
  for (const [breaks, ...rows] of inDatabase) {
    await runAt(other.url, breaks)
    await examine(beside(other.url), rows).finally(() =>
      runAt(other.adminUrl, 'REVOKE CREATE ON SCHEMA public FROM PUBLIC')
    )
  }
  assert.ok(named >= 30, String(named))
})

test('OPS-16 the statement for missing grants mends them', async t => {
  const command = startCommands(t)
  const database = await newDatabase(t)
  const role = `postern_lacking_${process.pid}`
  await runAt(database.adminUrl, `CREATE ROLE ${role}`)
  atEnd(t, () => runAt(database.adminUrl, `DROP OWNED BY ${role}; DROP ROLE ${role}`))
  const as = new URL(database.adminUrl)
  as.searchParams.set('options', `-c role=${role}`)
  const statements = async () => {
    const { out } = await command(['doctor', '--json'], beside(as.href))
    const { findings } = JSON.parse(out) as { findings: Finding[] }
    return findings.flatMap(({ message }) => /run: (GRANT [^;]+);/.exec(message)?.[1] ?? [])
  }
  await runAt(
    database.adminUrl,
    `GRANT SELECT ON "_prisma_migrations", "MigrationFloor" TO ${role}`
  )
  const found = await statements()
  assert.ok(found.length > 0)
  for (const statement of found) await runAt(database.adminUrl, statement)
  assert.deepEqual(await statements(), [])
})

test('OPS-16 a PUBLIC_URL that leads elsewhere is told from one that leads here', async t => {
  const command = startCommands(t)
  const mailbox = await openMailbox(t)
  const here = await startApp(t, mailbox.settings)
  const origin = await here.app.listen({ host: '127.0.0.1', port: 0 })
  const elsewhere = createServer((_request, response) => response.end('hello')).listen(
    0,
    '127.0.0.1'
  )
  await new Promise(resolve => elsewhere.once('listening', resolve))
  atEnd(t, () => void elsewhere.close())
  const database = await newDatabase(t)
  const reachOf = async (databaseUrl: string, PUBLIC_URL: string) => {
    const { out } = await command(['doctor', '--json'], beside(databaseUrl, { PUBLIC_URL }))
    const { findings } = JSON.parse(out) as { findings: Finding[] }
    const found = findings.find(({ check }) => check === 'reach')
    return `${found?.level}: ${found?.message}`
  }
  const { port } = elsewhere.address() as AddressInfo
  assert.match(await reachOf(here.databaseUrl, origin), /^ok: PUBLIC_URL .* leads to this service/)
  assert.match(
    await reachOf(here.databaseUrl, `http://127.0.0.1:${port}`),
    /^fail: Something else answers .*Let the name and the proxy lead to this service/
  )
  assert.match(await reachOf(database.url, origin), /^fail: .*other signing keys.*Mend PUBLIC_URL/)
  assert.match(
    await reachOf(database.url, `http://127.0.0.1:${await freePort()}`),
    /^ok: Nobody answers/
  )
})

test('OPS-16 the doctor tells of defaults that the service overrides, and of what it cannot see', async t => {
  const command = startCommands(t)
  const database = await newDatabase(t)
  const name = new URL(database.url).pathname.slice(1)
  await runAt(database.adminUrl, `ALTER DATABASE ${name} SET datestyle = 'SQL, DMY'`)
  atEnd(t, () => runAt(database.adminUrl, `ALTER DATABASE ${name} RESET datestyle`))
  const { out } = await command(['doctor', '--json'], beside(database.url))
  const { findings } = JSON.parse(out) as { findings: Finding[] }
  const defaults = findings.find(({ check }) => check === 'defaults')
  assert.match(defaults?.message ?? '', /datestyle=SQL, DMY/i)
  assert.match(findings.at(-1)?.message ?? '', /^Not looked at: backups/)
})
