import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type pg from 'pg'
import { MigrationsError, migrate, migrationState } from '../../src/base/database/migrate.js'
import { packageRoot } from '../../src/base/package-root.js'
import { startAppOn } from '../support/app.js'
import { atEnd } from '../support/at-end.js'
import { createTestDatabase, lookInto } from '../support/database.js'

const entries = await readdir(join(packageRoot, 'prisma', 'migrations'), { withFileTypes: true })
const all = entries
  .filter(entry => entry.isDirectory())
  .map(entry => entry.name)
  .sort()
const last = all.at(-1)

const pendingMigrations = async (pool: pg.Pool) => (await migrationState(pool)).pending

async function connect(t: TestContext, options: { empty?: boolean }) {
  const { url, drop } = await createTestDatabase(options)
  atEnd(t, drop)
  return { url, pool: lookInto(url) }
}

test('an empty database gets every migration, in order, once', async t => {
  const { url, pool } = await connect(t, { empty: true })
  assert.deepEqual(await pendingMigrations(pool), all)
  const messages: string[] = []
  const onProgress = (message: string) => messages.push(message)
  assert.deepEqual(await migrate({ url, onProgress }), all)
  assert.deepEqual(messages, [`Applying ${all.join(', ')} …`])
  assert.deepEqual(await pendingMigrations(pool), [])
  assert.deepEqual(await migrate({ url, onProgress }), [])
  assert.equal(messages.length, 1)
})

test('what has migrated waits for no timer', async t => {
  const { url } = await connect(t, { empty: true })
  const timers = () => process.getActiveResourcesInfo().filter(kind => kind === 'Timeout').length
  const before = timers()
  await migrate({ url })
  assert.ok(timers() <= before, 'the process would stay until it has run')
})

test('FLT-14 instances that start together on an empty database all succeed', async t => {
  const { url, pool } = await connect(t, { empty: true })
  const applied = await Promise.all([1, 2, 3].map(() => migrate({ url })))
  assert.deepEqual(applied.flat(), all, 'one of them did it, the others found it done')
  assert.deepEqual(await pendingMigrations(pool), [])
})

/** What another instance does from its start to its end, and this one begins meanwhile. */
async function whileLocked<T>(pool: pg.Pool, begin: () => Promise<T>, meanwhile: string) {
  const other = await pool.connect()
  try {
    await other.query('SELECT pg_advisory_lock(1886352244, 2)')
    const result = begin()
    let ended = false
    const noteEnd = () => {
      ended = true
    }
    result.then(noteEnd, noteEnd)
    const waiting = `SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 1886352244
      AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
    while ((await other.query(waiting)).rowCount === 0) {
      assert.ok(!ended, 'it did not wait')
      await pause(10)
    }
    await other.query(meanwhile)
    await other.query('SELECT pg_advisory_unlock(1886352244, 2)')
    return await result
  } finally {
    other.release()
  }
}

test('FLT-14 an instance waits for the one that migrates, and then finds it done', async t => {
  const { url, pool } = await connect(t, {})
  const undo = 'DELETE FROM _prisma_migrations WHERE migration_name = $1 RETURNING *'
  const [row] = (await pool.query(undo, [last])).rows
  const redo = `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at)
    VALUES ('${row.id}', '${row.checksum}', '${last}', now())`
  assert.deepEqual(await whileLocked(pool, () => migrate({ url }), redo), [])
})

test('FLT-14 a migration under way at another instance is not taken for a failed one', async t => {
  const { pool } = await connect(t, {})
  const begun = 'UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = $1'
  await pool.query(begun, [last])
  const finish = 'UPDATE _prisma_migrations SET finished_at = now()'
  assert.deepEqual(await whileLocked(pool, () => pendingMigrations(pool), finish), [])
})

const future = `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at)
  VALUES ('x', 'x', '99990101000000_future', now())`

test('FLT-20 an addition of a newer version is told, and this one runs over it', async t => {
  const { url, pool } = await connect(t, {})
  await pool.query(
    `${future}; INSERT INTO "MigrationFloor" VALUES ('99990101000000_future', '0.0.9')`
  )
  assert.deepEqual(await migrationState(pool), { pending: [], newer: ['99990101000000_future'] })
  assert.deepEqual(await migrate({ url }), [])
  const service = await startAppOn(t, url)
  assert.equal((await service.inject({ url: '/health/ready' })).statusCode, 200)
  assert.match(service.logs.join(''), /99990101000000_future.*this version may run over it/)
})

test('FLT-20 every migration says the least version that may run over it', async t => {
  const { pool } = await connect(t, { empty: false })
  const { rows } = await pool.query('SELECT "migration" FROM "MigrationFloor"')
  const since = all.filter(name => name >= '20261126040000')
  const told = rows.map(({ migration }) => migration).sort()
  assert.deepEqual(told, since, 'a migration inserts a row for itself into "MigrationFloor"')
})

const refusals = {
  'FLT-14 a database that a newer version changed so that this one cannot run is refused': {
    change: `${future}; INSERT INTO "MigrationFloor" VALUES ('99990101000000_future', '0.10.0')`,
    message: /newer version of Postern \(99990101000000_future\), which at least version 0\.10\.0/
  },
  'a migration that failed is named, with the way out': {
    change: `UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = '${last}'`,
    message: new RegExp(`${last} failed.*resolve --rolled-back ${last}`)
  },
  'a migration that was edited after it was applied is named': {
    change: `UPDATE _prisma_migrations SET checksum = 'other' WHERE migration_name = '${last}'`,
    message: new RegExp(`${last} was edited`)
  }
}

for (const [title, { change, message }] of Object.entries(refusals)) {
  test(title, async t => {
    const { url, pool } = await connect(t, {})
    await pool.query(change)
    const isRefusal = (error: unknown) => {
      assert.ok(error instanceof MigrationsError)
      assert.match(error.message, message)
      return true
    }
    await assert.rejects(pendingMigrations(pool), isRefusal)
    await assert.rejects(migrate({ url }), isRefusal)
  })
}

test('a migration that failed and was resolved is pending again', async t => {
  const { pool } = await connect(t, {})
  await pool.query(
    'UPDATE _prisma_migrations SET finished_at = NULL, rolled_back_at = now() WHERE migration_name = $1',
    [last]
  )
  assert.deepEqual(await pendingMigrations(pool), [last])
})

test('the Prisma CLI works without a network: generate, status, deploy, diff', {
  timeout: 240_000
}, async t => {
  const { url, pool } = await connect(t, { empty: true })
  const prisma = await cliIn(await copyOfProject(t), url)
  const toSchema = ['--to-schema', 'prisma/schema.prisma', '--exit-code']

  assert.match((await prisma('generate')).output, /Generated Prisma Client/)
  assert.match(
    (await prisma('migrate', 'status')).output,
    new RegExp(`not yet been applied:\\n${all[0]}`)
  )
  assert.equal((await prisma('migrate', 'deploy')).code, 0)
  assert.deepEqual(await pendingMigrations(pool), [])
  for (const from of [['--from-config-datasource'], ['--from-migrations', 'prisma/migrations']]) {
    const { code, output } = await prisma('migrate', 'diff', ...from, ...toSchema)
    assert.match(output, /No difference detected/)
    assert.equal(code, 0)
  }
})

test('a script that fails in its middle changes nothing', { timeout: 120_000 }, async t => {
  const { url, pool } = await connect(t, { empty: true })
  const dir = await copyOfProject(t)
  const sql = 'CREATE TABLE half (); -- and; then\nCREATE TABLE half ();'
  await rm(join(dir, 'prisma', 'migrations', all[0] ?? '', 'migration.sql'))
  await writeFile(join(dir, 'prisma', 'migrations', all[0] ?? '', 'migration.sql'), sql)
  const prisma = await cliIn(dir, url)
  const { code, output } = await prisma('migrate', 'deploy')
  assert.equal(code, 1)
  assert.match(output, /relation "half" already exists/)
  assert.equal((await pool.query(`SELECT FROM pg_tables WHERE tablename = 'half'`)).rowCount, 0)
})

test('the Prisma CLI says why it cannot connect', { timeout: 120_000 }, async t => {
  const prisma = await cliIn(await copyOfProject(t), 'postgresql://nobody@127.0.0.1:9/none')
  const { code, output } = await prisma('migrate', 'status')
  assert.equal(code, 1)
  assert.match(output, /P1001: connect ECONNREFUSED/)
})

/** What the CLI reads, so that it may write as it likes. */
async function copyOfProject(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'postern-cli-'))
  atEnd(t, () => rm(dir, { recursive: true }))
  for (const name of ['package.json', 'prisma.config.ts', 'prisma']) {
    await cp(join(packageRoot, name), join(dir, name), { recursive: true })
  }
  await symlink(join(packageRoot, 'node_modules'), join(dir, 'node_modules'))
  return dir
}

async function cliIn(cwd: string, url: string) {
  const cli = join(packageRoot, 'node_modules', 'prisma', 'build', 'index.js')
  const closed = 'http://127.0.0.1:9'
  const env = {
    PATH: process.env.PATH,
    HOME: cwd, // no engine of an earlier download
    DATABASE_URL: url,
    HTTP_PROXY: closed,
    HTTPS_PROXY: closed,
    PRISMA_ENGINES_MIRROR: closed
  }
  return (...args: string[]) =>
    new Promise<{ code: number | string; output: string }>(resolve => {
      execFile(process.execPath, [cli, ...args], { cwd, env }, (error, stdout, stderr) => {
        resolve({ code: error?.code ?? 0, output: stdout + stderr })
      })
    })
}

test('UND-01 the oldest undo link that is open at the upgrade becomes the right of its account', async t => {
  const { pool } = await connect(t, { empty: true })
  const name = '20261126010000_undo_right'
  const apply = async (migration: string) =>
    pool.query(
      await readFile(join(packageRoot, 'prisma', 'migrations', migration, 'migration.sql'), 'utf8')
    )
  for (const migration of all.filter(each => each < name)) await apply(migration)
  const id = (number: number) => `00000000-0000-7000-8000-00000000000${number}`
  await pool.query(`INSERT INTO "User" ("id", "email", "createdAt") VALUES
    ('${id(1)}', 'c@example.com', now()), ('${id(2)}', 'taken@example.com', now())`)
  const link = (number: number, user: number, address: string, hours: number) =>
    pool.query(
      `INSERT INTO "Link" ("id", "userId", "purpose", "digest", "address", "createdAt", "expiresAt")
       VALUES ($1, $2, 'email_change_undo', gen_random_uuid()::text, $3, now() - $4 * interval '1 hour', now() + (72 - $4) * interval '1 hour')`,
      [id(number), id(user), address, hours]
    )
  await link(3, 1, 'gone@example.com', 80)
  await link(4, 1, 'taken@example.com', 60)
  await link(5, 1, 'a@example.com', 50)
  await link(6, 1, 'b@example.com', 40)
  await apply(name)
  const { rows } = await pool.query('SELECT "userId", "address" FROM "UndoRight"')
  assert.deepEqual(rows, [{ userId: id(1), address: 'a@example.com' }])
})
