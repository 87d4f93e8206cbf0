import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildApp } from '../../src/app.js'
import { runMaintenance } from '../../src/operator/maintenance.js'
import { rotateSigningKeys } from '../../src/tokens/keys/store.js'
import { secretKey, startApp, startAppOn, type TestApp } from '../support/app.js'
import { atEnd } from '../support/at-end.js'
import { beside, postern } from '../support/cli.js'
import { webhookSecret } from '../support/endpoint.js'
import { newMember } from '../support/people.js'
import { startProxy } from '../support/proxy.js'
import { userIdOf } from '../support/team.js'
import { until } from '../support/until.js'

/** One row of each kind that is due to be removed. */
async function expire(service: TestApp, userId: string): Promise<void> {
  for (const text of [
    `INSERT INTO "Session" ("id", "userId", "jti", "createdAt", "authTime", "amr", "transport", "lastUsedAt", "expiresAt")
      VALUES (gen_random_uuid(), $1, gen_random_uuid(), now() - interval '40 days', now(), '{pwd}', 'cookie', now(), now() - interval '8 days')`,
    `INSERT INTO "AuditEvent" ("id", "at", "event", "outcome", "subjectId", "details")
      VALUES (gen_random_uuid(), now() - interval '9 years', 'login', 'success', $1, '{}')`,
    `INSERT INTO "AttemptBudget" ("key", "failures", "expiresAt") VALUES (gen_random_uuid()::text || $1::text, 1, now() - interval '1 day')`,
    `INSERT INTO "MfaChallenge" ("id", "kind", "userId", "digest", "credentialEpoch", "amr", "createdAt", "expiresAt")
      VALUES (gen_random_uuid(), 'login', $1, gen_random_uuid(), 0, '{pwd}', now() - interval '40 days', now() - interval '1 day')`,
    `INSERT INTO "Mail" ("id", "userId", "template", "recipient", "locale", "params", "state", "nextAttemptAt", "createdAt", "settledAt")
      VALUES (gen_random_uuid(), $1, 'invitation', '', 'en', '{}', 'sent', now(), now() - interval '40 days', now() - interval '31 days')`,
    `INSERT INTO "Link" ("id", "userId", "purpose", "digest", "address", "credentialEpoch", "createdAt", "expiresAt")
      VALUES (gen_random_uuid(), $1, 'invitation', gen_random_uuid(), '', 0, now() - interval '40 days', now() - interval '31 days')`
  ])
    await service.query(text, [userId])
}

const kinds = ['sessions', 'auditEvents', 'attempts', 'challenges', 'mails', 'links'] as const
type Kind = (typeof kinds)[number]

const mend = 'DROP FUNCTION refuse() CASCADE'
const refusing = (event: string, table: string): [breaks: string, mends: string] => [
  `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
  CREATE TRIGGER refused BEFORE ${event} ON "${table}" FOR EACH STATEMENT EXECUTE FUNCTION refuse()`,
  mend
]
const away = (table: string): [breaks: string, mends: string] => [
  `ALTER TABLE "${table}" RENAME TO "Away"`,
  `ALTER TABLE "Away" RENAME TO "${table}"`
]

const unnamed = (table: string, column: string): [breaks: string, mends: string] => [
  `ALTER TABLE "${table}" RENAME "${column}" TO "away"`,
  `ALTER TABLE "${table}" RENAME "away" TO "${column}"`
]

/** Every step, what breaks it alone, and the rows that stay then. */
const steps: [step: string, trouble: [breaks: string, mends: string], stays?: Kind][] = [
  ['seal signing keys again', refusing('UPDATE OF "privateKey"', 'SigningKey')],
  ['rotate signing keys', refusing('UPDATE OF "retiredAt"', 'SigningKey')],
  ['remove retired keys', refusing('DELETE', 'SigningKey')],
  [
    'read signing keys',
    [
      `INSERT INTO "SigningKey" VALUES ('sealed elsewhere', 'ES256', 'retired', '{}', 'x', now(), now(), now())`,
      `DELETE FROM "SigningKey" WHERE "kid" = 'sealed elsewhere'`
    ]
  ],
  ['seal second factors again', away('Authenticator')],
  ['erase accounts', unnamed('AccountDeletion', 'eraseAt')],
  ['drop queued mails', refusing('UPDATE OF "state"', 'Mail')],
  ['remove sessions', refusing('DELETE', 'Session'), 'sessions'],
  ['remove audit events', refusing('DELETE', 'AuditEvent'), 'auditEvents'],
  ['remove counters', refusing('DELETE', 'AttemptBudget'), 'attempts'],
  ['remove challenges', refusing('DELETE', 'MfaChallenge'), 'challenges'],
  ['remove answers of forms', refusing('DELETE', 'FormAnswer')],
  ['remove mails', refusing('DELETE', 'Mail'), 'mails'],
  ['remove links', refusing('DELETE', 'Link'), 'links'],
  ['remove undo rights', refusing('DELETE', 'UndoRight')],
  ['remove keys of earlier installations', refusing('DELETE', 'LegacySession')],
  ['seal keys of earlier installations again', unnamed('LegacyKey', 'sealedKey')],
  ['forget kinds of password hashes', away('PasswordScheme')],
  ['subscribe to events', refusing('INSERT', 'WebhookSubscription')],
  ['remove webhook events', refusing('DELETE', 'WebhookEvent')]
]

test('DAT-04 a step of the maintenance that fails stops no other', async t => {
  const settings = {
    EMAIL_DISABLED: 'true',
    MAIL_WORKER: 'false',
    EVENTS_WEBHOOK_URL: 'http://127.0.0.1:1/',
    EVENTS_WEBHOOK_SECRET: webhookSecret
  }
  const service = await startApp(t, settings)
  const { client } = await newMember(service)
  const wire = await startProxy(t, service.databaseUrl)
  const { app } = await startAppOn(t, wire.url, {
    ...settings,
    SECRET_KEY: 'Zr7mQ2xLk9VbN4tYc6WpHs3JdF8gEa1uRiToXzKvBn5=',
    SECRET_KEY_FALLBACKS: secretKey
  })
  const maintain = async () => {
    const { removed, failures } = await runMaintenance(app.deps)
    return { removed, failed: failures.map(({ step }) => step) }
  }
  for (const [step, [breaks, mends], stays] of steps) {
    await t.test(step, async () => {
      await expire(service, userIdOf(client))
      await service.query(breaks)
      const { removed, failed } = await maintain().finally(() => service.query(mends))
      assert.deepEqual(failed, [step])
      for (const kind of kinds) assert.equal(removed[kind], kind === stays ? null : 1, kind)
      const { removed: later, failed: still } = await maintain()
      assert.deepEqual(still, [])
      for (const kind of kinds) assert.equal(later[kind], kind === stays ? 1 : 0, kind)
    })
  }

  await t.test('the table above knows every step', async () => {
    await wire.cut()
    assert.deepEqual((await maintain()).failed.sort(), steps.map(([step]) => step).sort())
  })
})

test('DAT-04 the purge of sessions reads a slice each time, instances take turns, and it comes to the end', async t => {
  const service = await startApp(t)
  const { client } = await newMember(service)
  const insert = (id: string, count: number, end: string) =>
    service.query(
      `INSERT INTO "Session" ("id", "userId", "jti", "createdAt", "authTime", "amr", "transport", "lastUsedAt", "expiresAt")
       SELECT ${id}, $1, gen_random_uuid(), now(), now(), '{pwd}', 'cookie', now(), now() + $2::interval
       FROM generate_series(1, $3::int4) AS n`,
      [userIdOf(client), end, count]
    )
  await insert(`lpad(n::text, 32, '0')::uuid`, 2500, '1 day')
  const last = `'ffffffff-ffff-7fff-bfff-ffffffffffff'`
  const sessionsRemoved = async (scope?: 'whole') => {
    const { removed, failures } = await runMaintenance(service.app.deps, scope)
    assert.deepEqual(failures, [])
    return removed.sessions
  }
  await insert(last, 1, '-8 days')
  assert.equal(await sessionsRemoved(), 0)
  const both = await Promise.all([sessionsRemoved(), sessionsRemoved()])
  assert.deepEqual(both.sort(), [0, 1], 'the second and the third slice')
  await insert(last, 1, '-8 days')
  await insert(`gen_random_uuid()`, 1, '-6 days')
  assert.equal(await sessionsRemoved(), 0, 'it has begun again')
  assert.equal(await sessionsRemoved('whole'), 1)
  await insert(`('11111111-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid`, 1200, '-8 days')
  assert.equal(await sessionsRemoved(), 0, 'none of the first slice is due')
  assert.equal(await sessionsRemoved('whole'), 1200)
})

test('postern purge tells what failed, does the rest and exits with 1', async t => {
  const service = await startApp(t)
  const { client } = await newMember(service)
  await expire(service, userIdOf(client))
  const other = { SECRET_KEY: 'Y2xhc3NpYyBsb25nIGtleSB0aGF0IGlzIG5vdCB0aGUgb25l' }
  const { code, out, err } = await postern(['purge'], beside(service.databaseUrl, other))
  assert.equal(code, 1)
  assert.match(err, /^Failed to read signing keys: A sealed value could not be opened .+\n$/)
  assert.match(out, /^Removed 1 sessions, 1 links, 1 mails, 1 challenges, 1 counters, 1 audit/)

  const kids = await service.query('SELECT "kid" FROM "SigningKey" ORDER BY "kid"')
  await service.query(
    `UPDATE "SigningKey" SET "activatedAt" = now() - interval '1 year' WHERE "state" = 'active'`
  )
  const due = await postern(['purge', '--json'], beside(service.databaseUrl, other))
  assert.deepEqual(JSON.parse(due.out).failed, ['rotate signing keys', 'read signing keys'])
  const after = await service.query('SELECT "kid" FROM "SigningKey" ORDER BY "kid"')
  assert.deepEqual(after, kids, 'no key is made that the service could not open')
})

test('FLT-34 every process reads the keys again each minute, also one that leaves the rest to another', async t => {
  const service = await startApp(t)
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { deps } = service.app
  const app = await buildApp({ ...deps.config, LOG_LEVEL: 'silent' }, {}, false)
  atEnd(t, () => app.close())
  await app.ready()
  const published = () => app.deps.keys.jwks().map(({ kid }) => kid)
  const before = published()
  await rotateSigningKeys(deps.db, deps.config, new Date())
  await until('the new keys are known', () => {
    t.mock.timers.tick(60_000)
    return published().some(kid => !before.includes(kid))
  })
})
