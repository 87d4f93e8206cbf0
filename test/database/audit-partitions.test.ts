import assert from 'node:assert/strict'
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { migrate } from '../../src/base/database/migrate.js'
import { packageRoot } from '../../src/base/package-root.js'
import { runMaintenance } from '../../src/operator/maintenance.js'
import { startAppOn } from '../support/app.js'
import { atEnd, removeDataDirectory } from '../support/at-end.js'
import { beside, startCommands } from '../support/cli.js'
import { createTestDatabase, lookInto } from '../support/database.js'
import { newMember } from '../support/people.js'

async function documentedPartitions(): Promise<string> {
  const page = await readFile(join(packageRoot, 'docs', 'scaling.md'), 'utf8')
  const section = page.split('## Partitions of the audit trail')[1] ?? ''
  return /```sql\n(.*?)```/s.exec(section)?.[1] ?? ''
}

/** One that no other test gets afterwards. */
async function newDatabase(t: TestContext) {
  const { url, drop } = await createTestDatabase({ empty: true })
  atEnd(t, drop)
  return { url, look: lookInto(url) }
}

test('the documented partitions of the audit trail work under the service and its commands', async t => {
  const { url, look } = await newDatabase(t)
  await migrate({ url })
  const service = await startAppOn(t, url)
  const countOf = async (table: string, where = 'true') => {
    const { rows } = await look.query(`SELECT count(*)::int4 AS n FROM "${table}" WHERE ${where}`)
    return rows[0].n as number
  }

  const { client } = await newMember(service)
  const old = `"at" < now() - interval '1 year'`
  await look.query(`INSERT INTO "AuditEvent" ("id", "at", "event", "outcome", "details")
    VALUES ('01900000-0000-7000-8000-000000000000', now() - interval '2 years', 'login', 'success', '{}')`)
  const before = await countOf('AuditEvent')
  await look.query(await documentedPartitions())
  assert.equal(await countOf('AuditEvent_before'), before)

  // Next month, as the identifiers say it.
  await look.query(`INSERT INTO "AuditEvent" ("id", "at", "event", "outcome", "details")
    SELECT (left("audit_bound"(now() + interval '40 days')::text, 14) || '7000-8000-000000000000')::uuid,
      now(), 'login', 'success', '{}'`)
  const monthly = `tableoid::regclass::text LIKE '%AuditEvent_2%'`
  assert.equal(await countOf('AuditEvent', monthly), 1)
  assert.equal(await countOf('AuditEvent_rest'), 0)

  await newMember(service)
  const { results } = (await client.send('GET', '/user/activity/')).json()
  assert.ok(results.length > 0)
  await assert.rejects(look.query(`UPDATE "AuditEvent" SET "event" = 'logout'`), { code: '23001' })
  assert.equal(await countOf('AuditEvent', old), 1)
  assert.deepEqual((await runMaintenance(service.app.deps)).failures, [])
  assert.equal(await countOf('AuditEvent', old), 0)

  const command = startCommands(t)
  const migrated = await command(['migrate'], beside(url))
  assert.equal(migrated.code, 0, migrated.err)
  const looked = await command(['doctor'], beside(url))
  assert.doesNotMatch(looked.out, /^fail/m)
  for (const name of ['migrations', 'role', 'audit'])
    assert.match(looked.out, new RegExp(`^(ok|warn) +${name} `, 'm'))
  assert.match(looked.out, /^ok +audit +Audit events are kept for 365 days\.$/m)

  const folder = await mkdtemp(join(tmpdir(), 'postern-partitions-'))
  atEnd(t, () => removeDataDirectory(folder))
  const file = join(folder, 'backup')
  assert.equal((await command(['backup', file], beside(url))).code, 0)
  const plain = await newDatabase(t)
  assert.equal((await command(['restore', file], beside(plain.url))).code, 0)
  const { rows } = await plain.look.query('SELECT count(*)::int4 AS n FROM "AuditEvent"')
  assert.equal(rows[0].n, await countOf('AuditEvent'))
})
