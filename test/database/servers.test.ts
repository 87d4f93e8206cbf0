import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import pg from 'pg'
import { loadConfig } from '../../src/base/config/load.js'
import { openDatabase } from '../../src/base/database/database.js'
import { migrate } from '../../src/base/database/migrate.js'
import { sql } from '../../src/base/database/sql.js'
import { secretKey, startAppOn, type TestApp } from '../support/app.js'
import { atEnd } from '../support/at-end.js'
import { beside, startCommands } from '../support/cli.js'
import { type Cluster, noCluster, owner, startCluster } from '../support/cluster.js'
import { generous, opened, postForm } from '../support/links.js'
import { type Mailbox, openMailbox } from '../support/mailbox.js'
import {
  type Client,
  listSessions,
  newClient,
  newMember,
  newPerson,
  type Person,
  readUser,
  refresh,
  signedIn,
  signIn
} from '../support/people.js'
import { keepsStatements, noPgBouncer, startPgBouncer } from '../support/pooler.js'
import { startProxy } from '../support/proxy.js'
import { accept, inviting, newMemberAs, sendInvitation } from '../support/team.js'
import { atOnce, until } from '../support/until.js'

/** What tests of this file share ends with the file: within a test, `after` would be the test's own. */
let unwind: (() => unknown) | undefined
after(() => unwind?.())
const ending = {
  after: (hook: () => unknown) => {
    unwind = hook
  }
} as Pick<TestContext, 'after'>

/** What others have set up: hardly anything as we would have it. */
const strange = {
  TimeZone: 'Asia/Kolkata',
  DateStyle: 'SQL, DMY',
  default_transaction_isolation: 'serializable',
  search_path: 'nowhere',
  bytea_output: 'escape',
  extra_float_digits: '-10',
  IntervalStyle: 'iso_8601'
}

const linesOf = (settings: Readonly<Record<string, string>>) =>
  Object.entries(settings)
    .map(([name, value]) => `${name} = '${value}'\n`)
    .join('')

let clusters: Promise<Cluster> | undefined
/** One cluster for the tests of this file that break nothing. */
const sharedCluster = () => {
  clusters ??= startCluster(ending, linesOf({ ...strange, max_connections: '200' }))
  return clusters
}
let databases = 0
async function newDatabase(more = '') {
  const cluster = await sharedCluster()
  const name = `d${databases++}`
  await cluster.query(`CREATE DATABASE ${name} ${more}`)
  return { cluster, name, url: cluster.urlOf(name) }
}

let command: ReturnType<typeof startCommands> | undefined

const isReady = async (service: TestApp) =>
  (await service.inject({ method: 'GET', url: '/health/ready' })).statusCode === 200

/** For a machine that does many things at once. */
const patient = { DATABASE_STATEMENT_TIMEOUT: '60s' }

/** A short life: all kinds of statements, and times that have to be right. */
async function liveShortly(t: TestContext, url: string, settings: Record<string, string> = {}) {
  const mailbox = await openMailbox(t)
  const service = await startAppOn(t, url, {
    ...inviting,
    EMAIL_VERIFICATION: 'optional',
    ...generous,
    ...patient,
    ...mailbox.settings,
    ...settings
  })
  await until('the service is ready', () => isReady(service))
  const { person, client } = await newMember(service)
  await signedIn(service, person)
  const answers = await atOnce(4, () => newMember(service).then(it => refresh(it.client)))
  for (const answer of answers) assert.equal(answer.statusCode, 200, answer.body)
  const { results } = (await listSessions(client)).json()
  assert.equal(results.length, 2)
  for (const session of results) assertNow(session.created_at)
  const activity = (await client.send('GET', '/user/activity/')).json().results
  assert.ok(activity.length >= 2)
  assertNow(activity[0].at)
  await changeAddress(service, mailbox, client, person)
  await inviteSomeone(service, mailbox, url, settings)

  const own = beside(url, settings)
  const events = await commands(['audit', '--since', '1h', '--json'], own)
  assert.ok(JSON.parse(events.out).results.length >= 3, events.out + events.err)
  const doctor = await commands(['doctor', '--json'], own)
  assert.equal(JSON.parse(doctor.out).ok, true, doctor.out)
  return service
}

/** A time of the last minute: one that was read in another time zone is off by half an hour or more. */
const assertNow = (text: string) =>
  assert.ok(Math.abs(Date.parse(text) - Date.now()) < 60_000, text)

const commands = (...args: Parameters<ReturnType<typeof startCommands>>) => {
  command ??= startCommands(ending)
  return command(...args)
}

async function changeAddress(
  service: TestApp,
  mailbox: Mailbox,
  client: Client,
  { password }: Person
) {
  const { email } = newPerson('eve')
  assert.equal((await client.send('PATCH', '/user/', { email, password })).statusCode, 200)
  const browser = await opened(service, await mailbox.linkFor(email))
  assert.equal((await postForm(service, '/user/email/confirm/', {}, browser)).statusCode, 303)
  assert.equal((await readUser(client)).json().email, email)
}

/** One invitation is mailed and accepted, another one waits and is listed. */
async function inviteSomeone(
  service: TestApp,
  mailbox: Mailbox,
  url: string,
  settings: Record<string, string>
) {
  const { client: inviter } = await newMemberAs(service, 'superuser')
  const guests = [newPerson('guest'), newPerson('guest')]
  for (const { email } of guests)
    assert.equal((await sendInvitation(inviter, email)).statusCode, 201)
  const [first, second] = guests as [Person, Person]
  await accept(service, await mailbox.linkFor(first.email), first.password)
  const listed = await commands(
    ['invitation', 'list', '--state', 'pending', '--json'],
    beside(url, settings)
  )
  const emails = guests.map(({ email }) => email)
  const [waiting, ...others] = JSON.parse(listed.out).results.filter((one: { email: string }) =>
    emails.includes(one.email)
  )
  assert.deepEqual([waiting?.email, others.length], [second.email, 0], listed.out + listed.err)
  assertNow(waiting.created_at)
  assert.ok(Date.parse(waiting.expires_at) > Date.now() + 60_000, waiting.expires_at)
}

const skip = noCluster

test('FLT-21 a server whose defaults are strange changes no result', { skip }, async t => {
  const { url, name, cluster } = await newDatabase()
  await cluster.query(`ALTER DATABASE ${name} SET search_path = elsewhere`)
  await cluster.query(`ALTER ROLE postgres IN DATABASE ${name} SET TimeZone = 'America/St_Johns'`)
  await migrate({ url })
  const service = await liveShortly(t, url)
  const [row] = await service.app.db.run<Record<string, string>>(
    'look',
    sql`SELECT current_setting('transaction_isolation') AS isolation, current_setting('statement_timeout') AS timeout,
      current_setting('application_name') AS name, current_setting('TimeZone') AS zone`
  )
  assert.deepEqual(row, {
    isolation: 'read committed',
    timeout: '1min',
    name: 'postern',
    zone: 'UTC'
  })
})

for (const [query, schema] of [
  ['schema=tenant', 'tenant'],
  ['schema=Other%20tenant', 'Other tenant'],
  ['options=-c%20search_path%3Dcorner', 'corner']
] as const)
  test(`FLT-23 ?${query} decides where the tables are`, { skip }, async t => {
    const { url, name, cluster } = await newDatabase()
    const own = `${url}?${query}`
    await migrate({ url: own })
    await liveShortly(t, own)
    const { rows } = await cluster.query(
      `SELECT DISTINCT schemaname FROM pg_tables WHERE tablename IN ('User', '_prisma_migrations', 'Session')`,
      name
    )
    assert.deepEqual(rows, [{ schemaname: schema }])
  })

test('FLT-23 host in the URL is the folder of a Unix socket', { skip }, async t => {
  const { cluster, name } = await newDatabase()
  const url = `postgresql://postgres@localhost:${cluster.port}/${name}?host=${cluster.directory}`
  await migrate({ url })
  await liveShortly(t, url)
})

test('FLT-23 what a URL asks and cannot have is refused in a sentence', () => {
  const problem = (query: string) => {
    try {
      loadConfig({ SECRET_KEY: secretKey, DATABASE_URL: `postgresql://a:hunter2@db/x?${query}` })
      return ''
    } catch (error) {
      return (error as Error).message
    }
  }
  for (const [query, told] of [
    ['sslmode=requiere', /must have one of disable, .*verify-full as sslmode\.$/],
    ['sslmode=verify-ca', /needs sslrootcert/],
    [
      'sslmode=require&sslrootcert=/no/file',
      /names a file in sslrootcert that cannot be read \(ENOENT\)/
    ],
    ['pgbouncer=true', /has the unknown parameter pgbouncer/],
    ['options=-B%20100', /has options other than -c name=value/],
    ['options=-c%20timezone%3DEurope/Rome', /sets timezone in options, which Postern sets itself/],
    ['options=-c%20search_path%3Da&schema=b', /both schema and a search_path/],
    ['options=--search-path%3D%22$user%22,public', /must begin the search_path/],
    ['schema=a%22b', /schema that cannot hold tables/],
    ['schema=pg_catalog', /schema that cannot hold tables/]
  ] as const) {
    assert.match(problem(query), told)
    assert.match(problem(query), /^DATABASE_URL [^\n]+\.$/)
  }
  assert.equal(problem('sslmode=verify-full&sslrootcert=system&application_name=x'), '')
})

test('FLT-23 an option that the server does not know stops the start', { skip }, async t => {
  const { url } = await newDatabase()
  await assert.rejects(
    startAppOn(t, `${url}?options=-c%20no_such_setting%3D1`),
    /The options of DATABASE_URL cannot be set: unrecognized configuration parameter/
  )
})

const modes = ['session', 'transaction'] as const

for (const mode of modes)
  test(`FLT-22 PgBouncer in ${mode} mode, with its defaults`, { skip: noPgBouncer }, async t => {
    const { name, cluster } = await newDatabase()
    const pooler = await startPgBouncer(t, cluster, mode)
    const url = pooler.url(name)
    const named = mode === 'session' || keepsStatements()
    const settings = { DATABASE_PREPARED_STATEMENTS: String(named), DATABASE_POOL_SIZE: '4' }
    await Promise.all([1, 2].map(() => migrate({ url, preparedStatements: named })))
    await liveShortly(t, url, settings)
    await boundByLimits(t, url, named)
    const { rows } = await cluster.query(`SELECT FROM pg_locks WHERE locktype = 'advisory'`)
    assert.deepEqual(rows, [], 'no lock stays behind in the pooler')
  })

/** On every connection that the pooler may give. */
async function boundByLimits(t: TestContext, url: string, preparedStatements: boolean) {
  const db = openDatabase({
    url,
    poolSize: 6,
    statementTimeoutSeconds: 10,
    preparedStatements,
    onIdleError: () => undefined
  })
  atEnd(t, () => db.close())
  const slow = sql`SELECT pg_sleep(60)`
  const slowly = Array.from({ length: 5 }, () => db.run('slow', slow))
  const inTransaction = db.transaction(tx => tx.run('slow', slow))
  for (const result of await Promise.allSettled([...slowly, inTransaction])) {
    const { reason } = result as PromiseRejectedResult
    assert.match(JSON.stringify(reason) + String(reason), /57014|statement timeout/)
  }
  const looks = await Promise.all(
    Array.from({ length: 6 }, () =>
      db.run<{ isolation: string; path: string }>(
        'settings',
        sql`SELECT current_setting('transaction_isolation') AS isolation, current_setting('search_path') AS path, pg_sleep(0.05)`
      )
    )
  )
  for (const [row] of looks)
    assert.deepEqual([row?.isolation, row?.path], ['read committed', '"public"'])
  await assert.rejects(db.run('wrong', sql`SELECT 1/0`), /division by zero/)
  assert.equal((await db.run('right', sql`SELECT 1`)).length, 1, 'a failure leaves nothing open')
}

test('FLT-22 a pooler that loses prepared statements is told with the setting that helps', {
  skip: noPgBouncer || (keepsStatements() ? 'this PgBouncer keeps them' : false)
}, async t => {
  const { name, url, cluster } = await newDatabase()
  await migrate({ url })
  const pooler = await startPgBouncer(t, cluster, 'transaction', { default_pool_size: '1' })
  const db = openDatabase({
    url: pooler.url(name),
    poolSize: 2,
    statementTimeoutSeconds: 20,
    preparedStatements: true,
    onIdleError: () => undefined
  })
  atEnd(t, () => db.close())
  const twice = [1, 2].map(() => db.run('same', sql`SELECT pg_sleep(0.1)`))
  const failed = (await Promise.allSettled(twice)).find(({ status }) => status === 'rejected')
  assert.match(
    String((failed as PromiseRejectedResult | undefined)?.reason),
    /already exists.*set DATABASE_PREPARED_STATEMENTS=false/
  )
})

for (const encoding of ['SQL_ASCII', 'LATIN1'])
  test(`FLT-21 a database in ${encoding} is refused`, { skip }, async t => {
    const { url } = await newDatabase(`ENCODING '${encoding}' LOCALE 'C' TEMPLATE template0`)
    const told = new RegExp(`The encoding of the database is ${encoding}`)
    await assert.rejects(migrate({ url }), told)
    await assert.rejects(startAppOn(t, url), told)
    const doctor = await commands(['doctor'], beside(url))
    assert.match(doctor.out, told)
  })

function certificates(dir: string) {
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { ...owner, cwd: dir, stdio: 'ignore' })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const self = (name: string) =>
    openssl(
      'req',
      '-x509',
      ...key,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.crt`,
      '-subj',
      `/CN=${name}`,
      '-days',
      '2'
    )
  self('ca')
  self('other')
  openssl('req', ...key, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=localhost')
  openssl(
    'x509',
    '-req',
    '-in',
    'server.csr',
    '-CA',
    'ca.crt',
    '-CAkey',
    'ca.key',
    '-CAcreateserial',
    '-out',
    'server.crt',
    '-days',
    '2'
  )
}

test('FLT-23 sslmode and sslrootcert mean what libpq says', { skip }, async t => {
  const cluster = await startCluster(t)
  certificates(cluster.directory)
  const plain = cluster.url
  const named = plain.replace('127.0.0.1', 'localhost')
  const ca = join(cluster.directory, 'ca.crt')
  const other = join(cluster.directory, 'other.crt')

  async function encrypted(url: string, query: string): Promise<boolean | string> {
    const db = openDatabase({
      url: `${url}?${query}`,
      poolSize: 1,
      statementTimeoutSeconds: 20,
      preparedStatements: true,
      onIdleError: () => undefined
    })
    const text = sql`SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()`
    try {
      return (await db.run<{ ssl: boolean }>('encrypted', text))[0]?.ssl === true
    } catch (error) {
      assert.match((error as Error).message, /^[A-Z][^\n]+\.$/)
      return (error as Error).message
    } finally {
      await db.close()
    }
  }
  const refusesTls = /does not offer TLS, which sslmode=.* demands/
  for (const [query, expected] of [
    ['sslmode=disable', false],
    ['sslmode=allow', false],
    ['sslmode=prefer', false],
    ['sslmode=require', refusesTls],
    ['sslmode=verify-full', refusesTls]
  ] as const)
    assertSame(await encrypted(plain, query), expected, query)

  await cluster.query(`ALTER SYSTEM SET ssl = on`)
  await cluster.query('SELECT pg_reload_conf()')
  await until('TLS is on', async () => (await encrypted(plain, 'sslmode=require')) === true)
  const distrusted = /is not trusted \(.*sslrootcert of DATABASE_URL must name/
  for (const [url, query, expected] of [
    [plain, 'sslmode=disable', false],
    [plain, 'sslmode=allow', false],
    [plain, 'sslmode=prefer', true],
    [plain, `sslmode=prefer&sslrootcert=${other}`, false],
    [plain, `sslmode=require&sslrootcert=${ca}`, true],
    [plain, `sslmode=require&sslrootcert=${other}`, distrusted],
    [plain, `sslmode=verify-ca&sslrootcert=${ca}`, true],
    [plain, `sslmode=verify-ca&sslrootcert=${other}`, distrusted],
    [named, `sslmode=verify-full&sslrootcert=${ca}`, true],
    [plain, `sslmode=verify-full&sslrootcert=${ca}`, /is not made out to 127\.0\.0\.1/],
    [named, 'sslmode=verify-full', distrusted]
  ] as const)
    assertSame(await encrypted(url, query), expected, query)

  await migrate({ url: `${named}?sslmode=verify-full&sslrootcert=${ca}` })
  for (const query of [
    'sslmode=disable',
    'sslmode=allow',
    'sslmode=prefer',
    'sslmode=require',
    `sslmode=require&sslrootcert=${ca}`,
    `sslmode=verify-ca&sslrootcert=${ca}`,
    `sslmode=verify-full&sslrootcert=${ca}`
  ])
    await t.test(`a short life with ${query.replace(/\/.*/, '…')}`, inner =>
      liveShortly(inner, `${named}?${query}`).then(() => undefined)
    )
  const doctor = await commands(['doctor'], beside(`${named}?sslmode=verify-full`))
  assert.match(doctor.out, /^fail +database +The certificate of .* is not trusted/m)
  await assert.rejects(startAppOn(t, `${named}?sslmode=verify-full`), distrusted)
})

function assertSame(actual: boolean | string, expected: boolean | RegExp, query: string) {
  if (expected instanceof RegExp) assert.match(String(actual), expected, query)
  else assert.equal(actual, expected, query)
}

test('FLT-24 read-only, full or without connections it is 503, and well again by itself', {
  skip
}, async t => {
  const cluster = await startCluster(t, linesOf({ max_connections: '12' }))
  await cluster.query('CREATE DATABASE d')
  const url = cluster.urlOf('d')
  await migrate({ url })
  const service = await startAppOn(t, url, {
    DATABASE_POOL_SIZE: '4',
    DATABASE_STATEMENT_TIMEOUT: '20s'
  })
  const { person, client } = await newMember(service)
  const ready = async () => ((await isReady(service)) ? 200 : 503)
  const well = async () => {
    await until('it is ready again', async () => (await ready()) === 200)
    assert.equal((await refresh(client)).statusCode, 200)
  }
  const reload = () => cluster.query('SELECT pg_reload_conf()')

  await t.test('read-only', async () => {
    await cluster.query('ALTER SYSTEM SET default_transaction_read_only = on')
    await reload()
    await until('it notices', async () => (await ready()) === 503)
    const answer = await refresh(client)
    assert.equal(answer.statusCode, 503, answer.body)
    assert.equal(answer.json().code, 'unavailable')
    assert.equal((await signIn(newClient(service), person)).statusCode, 503)
    await cluster.query('ALTER SYSTEM RESET default_transaction_read_only')
    await reload()
    await well()
  })

  await t.test('a full disk', async () => {
    const full = `CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
      CREATE TRIGGER full_disk BEFORE INSERT ON "RequestCount" EXECUTE FUNCTION full_disk();
      CREATE TRIGGER full_disk BEFORE INSERT ON "Session" EXECUTE FUNCTION full_disk();`
    await cluster.query(full, 'd')
    assert.equal((await signIn(newClient(service), person)).statusCode, 503)
    assert.equal(await ready(), 503)
    await cluster.query('DROP FUNCTION full_disk CASCADE', 'd')
    await well()
  })

  await t.test(
    'a statement that somebody ended, and a server that stopped in a crash',
    async () => {
      const kill = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'postern'`
      await cluster.query(kill)
      await well()
      await cluster.crash()
      assert.equal((await refresh(client)).statusCode, 503)
      assert.equal(await ready(), 503)
      await cluster.start()
      await well()
    }
  )

  await t.test('all connections taken', async () => {
    await cluster.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'postern'`
    )
    const others = Array.from({ length: 12 }, () => new pg.Client(cluster.url))
    for (const other of others) other.on('error', () => undefined)
    await Promise.allSettled(others.map(other => other.connect()))
    const answers = await Promise.all(Array.from({ length: 8 }, () => readUser(client)))
    for (const { statusCode } of answers) assert.ok([200, 503].includes(statusCode))
    await Promise.all(others.map(other => other.end()))
    await well()
  })
})

test('FLT-24 readiness tells within three seconds that a server hangs', { skip }, async t => {
  const { url } = await newDatabase()
  await migrate({ url })
  const wire = await startProxy(t, url)
  const service = await startAppOn(t, wire.url, { DATABASE_STATEMENT_TIMEOUT: '20s' })
  const { client } = await newMember(service)
  const ready = () => service.inject({ method: 'GET', url: '/health/ready' })
  await until('the service is ready', () => isReady(service))
  wire.stall()
  const waiting = refresh(client)
  let shortest = Number.POSITIVE_INFINITY
  for (let round = 0; round < 3; round++) {
    const before = performance.now()
    assert.equal((await ready()).statusCode, 503)
    shortest = Math.min(shortest, performance.now() - before)
  }
  assert.ok(shortest < 3000, `it took ${shortest} ms`)
  assert.equal((await waiting).statusCode, 503)
  const mended = Date.now()
  await wire.mend()
  await until('it is ready again', async () => (await ready()).statusCode === 200)
  assert.ok(Date.now() - mended < 40_000)
  assert.equal((await refresh(client)).statusCode, 200)
})
