import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import pg from 'pg'
import { packageRoot } from '../../src/base/package-root.js'
import { runMaintenance } from '../../src/operator/maintenance.js'
import { startAppOn } from '../support/app.js'
import { atEnd } from '../support/at-end.js'
import { beside, startCommands } from '../support/cli.js'
import { createTestDatabase } from '../support/database.js'

const role = `postern_service_${process.pid}`

/** The statements that the documentation gives, under a role name of this run. */
async function documentedGrants(): Promise<string> {
  const page = await readFile(join(packageRoot, 'docs', 'operations.md'), 'utf8')
  const section = page.split('### A role for the service')[1] ?? ''
  const sql = /```sql\n(.*?)```/s.exec(section)?.[1] ?? ''
  return sql.replaceAll('postern_service', role)
}

async function runAt(url: string | URL, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: String(url) })
  await client.connect()
  await client.query(sql).finally(() => client.end())
}

/** A database, and the role of the documentation there: a URL with which one is that role. */
async function newRestricted(t: TestContext) {
  const database = await createTestDatabase()
  const maintenance = new URL(database.adminUrl)
  maintenance.pathname = '/postgres'
  atEnd(t, async () => {
    await database.drop()
    // A database that is kept for another test keeps its grants.
    await runAt(database.adminUrl, `DROP OWNED BY ${role}`).catch(() => undefined)
    await runAt(maintenance, `DROP ROLE ${role}`)
  })
  await runAt(database.adminUrl, await documentedGrants())
  // As somebody who may take on the role, and then has taken it on.
  const restricted = new URL(database.adminUrl)
  restricted.searchParams.set('options', `-c role=${role}`)
  return { database, restricted: restricted.href }
}

test('DAT-05 the service runs as a role that may do no more than the documentation grants', async t => {
  const { restricted } = await newRestricted(t)
  await assert.rejects(runAt(restricted, 'CREATE TABLE "Mine" ()'), { code: '42501' })

  const { inject, app } = await startAppOn(t, restricted)
  const password = 'a gigantic purple hat'
  const headers = { 'x-refresh-transport': 'body' }
  const signUp = { email: 'ada@example.test', password1: password, password2: password }
  const post = (url: string, payload: object, more = {}) =>
    inject({ method: 'POST', url, payload, headers: { ...headers, ...more } })

  assert.equal((await post('/registration/', signUp)).statusCode, 201)
  const signIn = await post('/login/', { email: signUp.email, password })
  const { access, refresh } = signIn.json()
  const bearer = { authorization: `Bearer ${access}` }
  assert.equal((await post('/refresh/', { refresh })).statusCode, 200)
  assert.equal((await inject({ url: '/sessions/', headers: bearer })).statusCode, 200)
  assert.equal((await post('/sessions/revoke-others/', {}, bearer)).statusCode, 200)
  assert.equal((await post('/logout-all/', {}, bearer)).statusCode, 200)
  const { failures } = await runMaintenance(app.deps)
  assert.deepEqual(failures, [])
})

test('LOG-09 the role of the service cannot empty the audit trail', async t => {
  const { database, restricted } = await newRestricted(t)
  const command = startCommands(t)
  const settings = { AUDIT_RETENTION: '30d' }
  const insert = `INSERT INTO "AuditEvent" ("id", "at", "event", "outcome", "details")
    SELECT gen_random_uuid(), now() - make_interval(days => day), 'login', 'success', '{}'
    FROM unnest(ARRAY[0, 2, 29, 31, 400]) AS day`
  await runAt(restricted, insert)
  const days = async () => {
    const client = new pg.Client({ connectionString: database.adminUrl })
    await client.connect()
    const { rows } = await client
      .query(`SELECT extract(day FROM now() - "at")::int4 AS day FROM "AuditEvent" ORDER BY 1`)
      .finally(() => client.end())
    return rows.map(({ day }) => day)
  }
  const keeps = { code: '23001' }
  const refused = { code: '42501' }

  // Before the owner has said how long.
  await assert.rejects(runAt(restricted, 'DELETE FROM "AuditEvent"'), keeps)
  const migrated = await command(['migrate'], beside(database.adminUrl, settings))
  assert.equal(migrated.code, 0, migrated.err)

  for (const [statement, error] of [
    ['DELETE FROM "AuditEvent"', keeps],
    [`DELETE FROM "AuditEvent" WHERE "at" < now() - interval '29 days'`, keeps],
    // Something of one's own in place of what the trigger asks.
    [
      `CREATE TEMPORARY TABLE "AuditRetention" AS SELECT 0 AS "seconds"; DELETE FROM "AuditEvent"`,
      keeps
    ],
    [`SET search_path = pg_temp, public; DELETE FROM public."AuditEvent"`, keeps],
    [`UPDATE "AuditEvent" SET "at" = now() - interval '9 years'`, keeps],
    ['TRUNCATE "AuditEvent"', refused],
    ['DROP TABLE "AuditEvent"', refused],
    ['ALTER TABLE "AuditEvent" DISABLE TRIGGER ALL', refused],
    ['UPDATE "AuditRetention" SET "seconds" = 86400', refused],
    ['DELETE FROM "AuditRetention"', refused]
  ] as const)
    await assert.rejects(runAt(restricted, statement), error, statement)
  // Also with rights to the table that an earlier version of the documentation gave.
  await runAt(database.adminUrl, `GRANT ALL ON "AuditRetention" TO ${role}`)
  await assert.rejects(runAt(restricted, 'UPDATE "AuditRetention" SET "seconds" = 86400'), refused)
  assert.deepEqual(await days(), [0, 2, 29, 31, 400])

  // A process with a shorter setting removes no more than the owner allows, and the doctor says so.
  const shorter = { AUDIT_RETENTION: '7d' }
  const doctor = await command(['doctor', '--json'], beside(restricted, shorter))
  const { findings } = JSON.parse(doctor.out) as { findings: { check: string; message: string }[] }
  const told = findings.find(({ check }) => check === 'audit')
  assert.match(
    told?.message ?? '',
    /is 7 days, and the database keeps .* for 30 days\. Run postern migr/
  )
  const purged = await command(['purge', '--json'], beside(restricted, shorter))
  assert.deepEqual(JSON.parse(purged.out).failed, [])
  assert.deepEqual(await days(), [0, 2, 29])
})
