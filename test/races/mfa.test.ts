import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { startApp, startAppOn, type TestApp } from '../support/app.js'
import { atEnd } from '../support/at-end.js'
import { createTestDatabase } from '../support/database.js'
import { patient } from '../support/expect.js'
import {
  activate,
  appCode,
  beginSetup,
  challengeFor,
  type Enrolled,
  enrol,
  verify,
  verifyRecovery,
  wrongCode
} from '../support/factor.js'
import {
  type Answer,
  newClient,
  newMember,
  newPerson,
  type Person,
  readUser,
  refresh,
  signedIn,
  signIn,
  signUp
} from '../support/people.js'
import { startProcess } from '../support/service-process.js'
import { atOnce, until } from '../support/until.js'

const optional = { JWT_ALLAUTH_MFA_TOTP_MODE: 'optional', ...patient }

const statuses = (answers: readonly Answer[]) => {
  const counts: Record<number, number> = {}
  for (const { statusCode } of answers) counts[statusCode] = (counts[statusCode] ?? 0) + 1
  return counts
}
const good = (answers: readonly Answer[]) => answers.filter(({ statusCode }) => statusCode === 200)

async function factorSessions({ query }: TestApp, { email }: Person): Promise<number> {
  const rows = await query(
    `SELECT 1 FROM "Session" s JOIN "User" u ON u."id" = s."userId"
     WHERE u."email" = $1 AND s."amr" && ARRAY['otp', 'rc']`,
    [email]
  )
  return rows.length
}

test('races of the second factor, over two instances', async t => {
  const service = await startApp(t, optional)
  const other = await startAppOn(t, service.databaseUrl, optional)
  const { clock, query } = service
  // The second instance sees the same time: both clocks of the first were turned.
  const instances = { ...other, clock, advance: service.advance }
  const either = (index: number) => (index % 2 === 0 ? service : instances)

  await t.test('MFA-01 MFA-09 twenty right answers to one challenge open one session', async () => {
    const { person, secret } = await fresh()
    const before = await factorSessions(service, person)
    const challenge = await challengeFor(service, person)
    const code = appCode(secret, clock())
    const answers = await atOnce(20, index => verify(newClient(either(index)), challenge, code))
    assert.equal(good(answers).length, 1, JSON.stringify(statuses(answers)))
    assert.equal(await factorSessions(service, person), before + 1)
    assert.equal(
      answers.some(({ statusCode }) => statusCode >= 500),
      false
    )
  })

  await t.test('MFA-01 one code on nine challenges opens one session', async () => {
    const { person, secret } = await fresh()
    const before = await factorSessions(service, person)
    const challenges = await atOnce(9, () => challengeFor(service, person))
    const code = appCode(secret, clock())
    const answers = await Promise.all(
      challenges.map((challenge, index) => verify(newClient(either(index)), challenge, code))
    )
    assert.equal(good(answers).length, 1, JSON.stringify(statuses(answers)))
    assert.equal(await factorSessions(service, person), before + 1)
  })

  await t.test(
    'MFA-05 of a hundred guesses at one challenge, the right one among them, five are looked at',
    async () => {
      for (const right of [2, 50, 99]) {
        const { person, secret } = await fresh()
        const challenge = await challengeFor(service, person)
        const answers = await atOnce(100, index => {
          const code =
            index === right ? appCode(secret, clock()) : wrongCode(secret, clock(), index)
          return verify(newClient(either(index)), challenge, code)
        })
        const passed = good(answers).length
        const wrong = await failuresOf(person)
        assert.ok(
          passed <= 1 && wrong + passed > 0 && wrong + passed <= 5,
          `${wrong} and ${passed}`
        )
      }
    }
  )

  await t.test('MFA-05 of a hundred guesses at twenty challenges ten are looked at', async () => {
    const { person, secret } = await fresh()
    const challenges = await atOnce(20, () => challengeFor(service, person))
    const code = (index: number) =>
      index === 99 ? appCode(secret, clock()) : wrongCode(secret, clock(), index)
    const answers = await atOnce(100, index =>
      verify(newClient(either(index)), challenges[index % 20] as string, code(index))
    )
    const wrong = await failuresOf(person)
    assert.ok(good(answers).length <= 1)
    // Where the right one was among those that were looked at, the count began again: they are in.
    if (good(answers).length === 1) return
    assert.equal(wrong, 10, JSON.stringify(statuses(answers)))
    assert.equal(statuses(answers)[429], 91)
    const challenge = challenges[0] as string
    assert.equal((await verify(newClient(other), challenge, code(99))).statusCode, 429)
  })

  await t.test('MFA-16 one recovery code twenty times opens one session', async () => {
    const { person, recoveryCodes } = await fresh()
    const before = await factorSessions(service, person)
    const code = recoveryCodes[0] ?? ''
    const challenges = await atOnce(9, () => challengeFor(service, person))
    const answers = await Promise.all(
      challenges.map((challenge, index) =>
        verifyRecovery(newClient(either(index)), challenge, code)
      )
    )
    const again = await challengeFor(service, person)
    const more = await atOnce(11, index => verifyRecovery(newClient(either(index)), again, code))
    assert.equal(good([...answers, ...more]).length, 1)
    assert.equal(await factorSessions(service, person), before + 1)
    const used = await query(
      `SELECT 1 FROM "Mail" WHERE "recipient" = $1 AND "template" = 'recovery-code-used'`,
      [person.email]
    )
    assert.equal(used.length, 1)
  })

  await t.test(
    'MFA-15 ten activations of one secret give one authenticator and one set of codes',
    async () => {
      const { client, person } = await newMember(service)
      const { secret } = (await beginSetup(client)).json()
      const code = appCode(secret, clock())
      const answers = await atOnce(10, index => activate(clone(client, either(index)), code))
      await assertOneSet(person, answers)
    }
  )

  await t.test('MFA-15 ten activations of ten sessions’ secrets give one of each too', async () => {
    const { person } = await newMember(service)
    const clients = await atOnce(10, index => signedIn(either(index), person))
    const secrets = await Promise.all(
      clients.map(async client => (await beginSetup(client)).json().secret as string)
    )
    const answers = await Promise.all(
      clients.map((client, index) => activate(client, appCode(secrets[index] ?? '', clock())))
    )
    await assertOneSet(person, answers)
    const left = await query('SELECT 1 FROM "PendingAuthenticator"')
    assert.equal(left.length, 0)
  })

  async function assertOneSet({ email, password }: Person, answers: readonly Answer[]) {
    assert.equal(good(answers).length, 1, JSON.stringify(statuses(answers)))
    assert.equal(
      answers.some(({ statusCode }) => statusCode >= 500),
      false
    )
    const [rows] = await query<{ authenticators: number; codes: number }>(
      `SELECT (SELECT count(*) FROM "Authenticator" WHERE "userId" = u."id")::int AS authenticators,
        (SELECT count(*) FROM "RecoveryCode" WHERE "userId" = u."id")::int AS codes
       FROM "User" u WHERE u."email" = $1`,
      [email]
    )
    assert.deepEqual(rows, { authenticators: 1, codes: 10 })
    const [code] = (good(answers)[0] as Answer).json().recovery_codes
    const challenge = await challengeFor(service, { email, password })
    assert.equal((await verifyRecovery(newClient(service), challenge, code)).statusCode, 200)
  }

  await t.test(
    'MFA-10 MFA-11 sign-ins beside an activation leave no session without the factor',
    async () => {
      for (let round = 0; round < 5; round++) {
        const { client, person } = await newMember(service)
        const { secret } = (await beginSetup(client)).json()
        const [activated, ...logins] = await Promise.all([
          activate(client, appCode(secret, clock())),
          ...Array.from({ length: 6 }, (_, index) => signIn(newClient(either(index)), person))
        ])
        assert.equal(activated?.statusCode, 200)
        for (const login of logins) {
          const { access } = login.json()
          if (access === undefined) continue
          const answer = await service.inject({
            method: 'GET',
            url: '/user/',
            headers: { authorization: `Bearer ${access}` }
          })
          assert.equal(answer.statusCode, 401, 'it ended with the activation')
        }
        const rows = await query(
          `SELECT 1 FROM "Session" s JOIN "Authenticator" a USING ("userId") WHERE NOT s."amr" && ARRAY['otp', 'rc']`
        )
        assert.equal(rows.length, 0)
        assert.equal((await readUser(client)).statusCode, 200)
      }
    }
  )

  await t.test(
    'MFA-08 a right code beside what kills its challenge: one of the two comes first',
    async () => {
      for (let round = 0; round < 5; round++) {
        const { person, client, secret } = await fresh()
        const challenge = await challengeFor(service, person)
        const late = newClient(other)
        const [verified] = await Promise.all([
          verify(late, challenge, appCode(secret, clock())),
          client.send('POST', '/logout-all/', {})
        ])
        assert.ok([200, 400].includes(verified.statusCode), verified.body)
        if (verified.statusCode === 200) assert.equal((await refresh(late)).statusCode, 401)
        assert.equal(await factorSessions(service, person), 0)
      }
    }
  )

  await t.test('MFA-12 twenty times giving up is one, and one mail', async () => {
    const { person, client } = await fresh()
    const answers = await atOnce(20, index =>
      clone(client, either(index)).send('POST', '/mfa/deactivate/', { password: person.password })
    )
    assert.equal(good(answers).length, 1, JSON.stringify(statuses(answers)))
    const mails = await query(
      `SELECT 1 FROM "Mail" WHERE "recipient" = $1 AND "template" = 'mfa-disabled'`,
      [person.email]
    )
    assert.equal(mails.length, 1)
  })

  /** How many wrong codes were looked at: each is written down. */
  async function failuresOf({ email }: Person): Promise<number> {
    const rows = await query(
      `SELECT 1 FROM "AuditEvent" WHERE "event" = 'mfa.failed'
         AND "subjectId" = (SELECT "id" FROM "User" WHERE "email" = $1)`,
      [email]
    )
    return rows.length
  }

  /** Somebody enrolled; what others spent before is forgotten. */
  async function fresh(): Promise<Enrolled> {
    await query('DELETE FROM "AttemptBudget"')
    const { client, person } = await newMember(service)
    const factor = await enrol(service, client)
    // Instead of turning the clock for both: the step of the setup counts as not used.
    await query('UPDATE "Authenticator" SET "lastStep" = 0')
    return { person, client, ...factor }
  }
})

/** The same person's browser, talking to another instance. */
function clone(client: ReturnType<typeof newClient>, service: Parameters<typeof newClient>[0]) {
  const twin = newClient(service)
  twin.access = client.access
  for (const [name, value] of client.cookies) twin.cookies.set(name, value)
  return twin
}

test('MFA-14 a service killed in the middle of an activation leaves no second factor behind', async t => {
  const database = await createTestDatabase()
  atEnd(t, () => database.drop())
  const settings = { ...optional, DATABASE_URL: database.url, PUBLIC_URL: 'http://localhost:3000' }
  const first = await startProcess(t, settings)
  const person = newPerson()
  const client = newClient(first)
  await signUp(client, person)
  const { secret } = (await beginSetup(client)).json()

  // The mail is the last thing that an activation writes: held up there, all else has been written.
  const holder = new pg.Client(database.url)
  await holder.connect()
  await holder.query('BEGIN')
  await holder.query('LOCK TABLE "Mail" IN ACCESS EXCLUSIVE MODE')
  const activation = activate(client, appCode(secret, new Date())).catch(() => null)
  const looker = new pg.Client(database.url)
  await looker.connect()
  await until('the activation waits for the mail', async () => {
    const { rows } = await looker.query(
      `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ILIKE '%INSERT INTO "Mail"%' AND datname = current_database()`
    )
    return rows.length > 0
  })
  await first.end('SIGKILL')
  assert.equal(await activation, null, 'nobody was answered')
  await holder.query('ROLLBACK')
  await holder.end()
  await until('the transaction is gone', async () => {
    const { rows } = await looker.query(
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'postern'`
    )
    return rows.length === 0
  })
  const { rows } = await looker.query(
    'SELECT (SELECT count(*) FROM "Authenticator")::int AS a, (SELECT count(*) FROM "RecoveryCode")::int AS r'
  )
  await looker.end()
  assert.deepEqual(rows, [{ a: 0, r: 0 }])

  const second = await startProcess(t, settings)
  const again = newClient(second)
  assert.ok((await signIn(again, person)).json().access, 'sign-in asks for no code')
  assert.equal((await again.send('GET', '/mfa/authenticators/')).body, '[]')
  await enrol({ ...second, clock: () => new Date(), advance: async () => {} }, again)
  assert.deepEqual(Object.keys((await signIn(newClient(second), person)).json()), [
    'mfa_required',
    'challenge_id'
  ])
  await second.end('SIGTERM')
})
