import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runMaintenance } from '../../src/operator/maintenance.js'
import { startApp, startAppOn, type TestApp } from '../support/app.js'
import { patient } from '../support/expect.js'
import { queuedLink, unsent } from '../support/links.js'
import { newClient, newMember, refresh, signedIn, signIn } from '../support/people.js'
import { userIdOf } from '../support/team.js'
import { atOnce } from '../support/until.js'

const settings = { ...patient, ...unsent, ACCOUNT_DELETION_GRACE: '1d' }

const undo = (service: TestApp, path: string) =>
  newClient(service).send('POST', path, {}, { accept: 'application/json' })

test('ACC-04 two instances erase each account once', async t => {
  const one = await startApp(t, settings)
  const other = await startAppOn(t, one.databaseUrl, settings)
  const gone: string[] = []
  for (let index = 0; index < 6; index++) {
    const { client } = await newMember(one)
    gone.push(userIdOf(client))
    assert.equal((await client.send('DELETE', '/user/', {})).statusCode, 202)
  }
  await one.advance(86_401)
  const results = await atOnce(4, index => runMaintenance((index % 2 === 0 ? one : other).app.deps))
  assert.deepEqual(
    results.flatMap(({ failures }) => failures.map(({ step }) => step)),
    []
  )
  const counts = results.map(({ removed }) => removed.accounts ?? 0)
  assert.equal(
    counts.reduce((sum, count) => sum + count, 0),
    gone.length
  )
  const events = await one.query(
    `SELECT "subjectId" FROM "AuditEvent" WHERE "event" = 'account.deleted'`
  )
  assert.deepEqual(events.map(({ subjectId }) => subjectId).sort(), gone.sort())
})

test('ACC-02 what runs beside a deletion leaves no session', async t => {
  const service = await startApp(t, settings)
  for (let round = 0; round < 4; round++) {
    const { person, client } = await newMember(service)
    const other = await signedIn(service, person)
    const acts = [
      () => client.send('DELETE', '/user/', {}),
      () => refresh(other),
      () => signIn(newClient(service), person)
    ] as const
    const answers = await atOnce(6, index => acts[(index % 3) as 0 | 1 | 2]())
    const deletions = answers.filter((_, index) => index % 3 === 0)
    assert.equal(deletions.filter(({ statusCode }) => statusCode === 202).length, 1)
    for (const { statusCode, body } of answers) assert.ok(statusCode < 500, body)
    const sessions = await service.query('SELECT 1 FROM "Session" WHERE "userId" = $1', [
      userIdOf(other)
    ])
    assert.deepEqual(sessions, [])
  }
})

test('ACC-04 at the term an account is kept or erased, never half of both', async t => {
  const service = await startApp(t, settings)
  for (let round = 0; round < 4; round++) {
    const { person, client } = await newMember(service)
    await client.send('DELETE', '/user/', {})
    const path = await queuedLink(service, person.email, /delete\/undo/)
    // For the link it is a moment before the term, for the maintenance a moment after it.
    await service.query(
      `UPDATE "AccountDeletion" SET "requestedAt" = now() - interval '1 d', "eraseAt" = now() WHERE "userId" = $1`,
      [userIdOf(client)]
    )
    const [kept, { removed, failures }] = await Promise.all([
      undo(service, path),
      runMaintenance(service.app.deps)
    ])
    assert.deepEqual(failures, [])
    assert.equal(kept.statusCode, removed.accounts === 1 ? 400 : 200, kept.body)
    const again = await signIn(newClient(service), person)
    assert.equal(again.statusCode, removed.accounts === 1 ? 401 : 200)
  }
})
