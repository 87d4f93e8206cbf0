import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import pg from 'pg'
import { disableUser } from '../../src/operator/accounts.js'
import { startApp, startAppOn, type TestApp } from '../support/app.js'
import { atEnd } from '../support/at-end.js'
import { assertProblem, patient } from '../support/expect.js'
import { appCode, beginSetup, enrol } from '../support/factor.js'
import {
  type Answer,
  type Client,
  claimsOf,
  newMember,
  newPerson,
  type Person,
  refresh,
  signedIn
} from '../support/people.js'
import { until } from '../support/until.js'

type Someone = {
  readonly service: TestApp
  /** Another instance, under which a change of password ends no session. */
  readonly lenient: TestApp
  readonly userId: string
  readonly person: Person
  readonly client: Client
  /** The person's other session, where there is no second factor. */
  readonly other: Client | null
  /** The code that activates the secret this session was shown. */
  readonly code: string
}

const passwords = (person: Person, next: string) => ({
  old_password: person.password,
  new_password1: next,
  new_password2: next
})

type Act = (someone: Someone) => Promise<unknown>
type Change = (someone: Someone) => Promise<Answer>

type Row = {
  /** It takes an account with a second factor. */
  readonly enrolled?: true
  /** It writes or removes the session itself, and so takes turns with its refresh. */
  readonly writesSession?: true
  readonly send: Change
}

/** What a signed-in person may change. */
const changes: Readonly<Record<string, Row>> = {
  'a change of names': {
    send: ({ client }) => client.send('PATCH', '/user/', { first_name: 'Eve' })
  },
  'a change of address': {
    send: ({ client }) => client.send('PATCH', '/user/', { email: newPerson('eve').email })
  },
  'a change of password': {
    writesSession: true,
    send: ({ client, person }) =>
      client.send('POST', '/password/change/', passwords(person, 'an enormous red coat'))
  },
  'a setup': { send: ({ client }) => beginSetup(client) },
  'an activation': {
    writesSession: true,
    send: ({ client, code }) => client.send('POST', '/mfa/activate/', { code })
  },
  'new recovery codes': {
    enrolled: true,
    send: ({ client }) => client.send('POST', '/mfa/recovery-codes/', {})
  },
  'a deactivation': {
    enrolled: true,
    send: ({ client, person: { password } }) =>
      client.send('POST', '/mfa/deactivate/', { password })
  },
  'a re-authentication': {
    writesSession: true,
    send: ({ client, person: { password } }) =>
      client.send('POST', '/reauthenticate/', { password })
  },
  'an export': { send: ({ client }) => client.send('GET', '/user/export/') },
  'a deletion': {
    writesSession: true,
    send: ({ client }) => client.send('DELETE', '/user/', {})
  },
  'the end of other sessions': {
    send: ({ client }) => client.send('POST', '/sessions/revoke-others/', {})
  },
  'the end of one session': {
    send: ({ client, other }) => client.send('DELETE', `/sessions/${other?.sessionId}/`)
  },
  'the end of all sessions': {
    writesSession: true,
    send: ({ client }) => client.send('POST', '/logout-all/', {})
  }
}

/** Changes the password with the session of the change, and leaves that its tokens. */
const changePassword = ({ inject }: TestApp, { client, person }: Someone) =>
  inject({
    method: 'POST',
    url: '/password/change/',
    payload: passwords(person, 'another purple hat'),
    headers: { authorization: `Bearer ${client.access}` }
  })

/** What takes from a session the right to change anything, and how the trail names it. */
const ends: Readonly<Record<string, { readonly event?: string; readonly act: Act }>> = {
  'a sign-out everywhere': {
    event: 'logout.all',
    act: ({ client }) => client.send('POST', '/logout-all/', {})
  },
  'an operator who disables the account': {
    event: 'account.disabled',
    act: ({ service, userId }) => disableUser(service.app.deps, userId)
  },
  'a change of password': {
    event: 'password.changed',
    act: someone => changePassword(someone.service, someone)
  },
  'a change of password that leaves sessions alone': {
    event: 'password.changed',
    act: someone => changePassword(someone.lenient, someone)
  },
  'a disabling that leaves sessions alone': {
    act: ({ service, userId }) =>
      service.query('UPDATE "User" SET "isActive" = false WHERE "id" = $1', [userId])
  }
}

const settings = { JWT_ALLAUTH_MFA_TOTP_MODE: 'optional', ...patient }

async function startInstances(t: TestContext) {
  const service = await startApp(t, settings)
  const other = { ...settings, LOGOUT_ON_PASSWORD_CHANGE: 'false' }
  return { service, lenient: await startAppOn(t, service.databaseUrl, other) }
}

async function newSomeone(
  { service, lenient }: Pick<Someone, 'service' | 'lenient'>,
  enrolled: boolean
): Promise<Someone> {
  const { person, client } = await newMember(service)
  const userId = String(claimsOf(client.access ?? '').sub)
  const someone = { service, lenient, userId, person, client }
  if (enrolled) {
    await enrol(service, client)
    await refresh(client)
    return { ...someone, other: null, code: '' }
  }
  const { secret } = (await beginSetup(client)).json()
  const other = await signedIn(service, person)
  return { ...someone, other, code: appCode(secret, service.clock()) }
}

/** All of an account that outlives its sessions and that an end leaves alone. */
async function stateOf({ service, userId }: Someone) {
  const [state] = await service.query(
    `SELECT "email", "firstName", "lastName",
       ARRAY(SELECT "id" FROM "Authenticator" WHERE "userId" = u."id") AS authenticators,
       ARRAY(SELECT "digest" FROM "RecoveryCode" WHERE "userId" = u."id" ORDER BY 1) AS codes
     FROM "User" u WHERE "id" = $1`,
    [userId]
  )
  return state
}

async function eventsOf({ service, userId }: Someone): Promise<string[]> {
  const rows = await service.query<{ event: string }>(
    'SELECT "event" FROM "AuditEvent" WHERE "subjectId" = $1 ORDER BY "id"',
    [userId]
  )
  return rows.map(({ event }) => event)
}

/** Holds a lock in a transaction of the test's own; the function returned commits it. */
async function hold(
  t: TestContext,
  { databaseUrl }: TestApp,
  statement: string,
  id: string
): Promise<() => Promise<unknown>> {
  const holder = new pg.Client(databaseUrl)
  atEnd(t, () => holder.end())
  await holder.connect()
  await holder.query('BEGIN')
  await holder.query(statement, [id])
  return () => holder.query('COMMIT')
}

const lockAccount = 'SELECT FROM "User" WHERE "id" = $1 FOR NO KEY UPDATE'

/** Starts something and returns once it waits for a lock, as number so many, or is through. */
async function untilItWaits<T>(service: TestApp, count: number, start: () => Promise<T>) {
  let isThrough = false
  const result = start().finally(() => {
    isThrough = true
  })
  await until('it waits', async () => {
    const rows = await service.query(
      `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`
    )
    return isThrough || rows.length >= count
  })
  // In an object: the caller does not want to wait for it.
  return { result, waits: !isThrough }
}

test('SES-25 what waited behind the end of its session changes nothing', async t => {
  const instances = await startInstances(t)
  const { service } = instances
  for (const [name, { enrolled = false, send }] of Object.entries(changes)) {
    for (const [end, { event, act }] of Object.entries(ends)) {
      await t.test(`${name} behind ${end}`, async t => {
        const someone = await newSomeone(instances, enrolled)
        const [before, events] = [await stateOf(someone), await eventsOf(someone)]
        const release = await hold(t, service, lockAccount, someone.userId)
        const ending = await untilItWaits(service, 1, () => act(someone))
        const change = await untilItWaits(service, 2, () => send(someone))
        assert.ok(ending.waits)
        await release()
        await ending.result
        assertProblem(await change.result, 401, 'token_not_valid')
        assert.deepEqual(await stateOf(someone), before)
        assert.deepEqual(
          (await eventsOf(someone)).filter(event => event !== 'session.opened'),
          [...events.filter(event => event !== 'session.opened'), event ?? []].flat()
        )
      })
    }
  }
})

test('SES-25 a change waits for a sign-out that has begun, and not for a refresh', async t => {
  const instances = await startInstances(t)
  const { service } = instances
  for (const [name, row] of Object.entries(changes)) {
    const { enrolled = false, writesSession = false, send } = row
    await t.test(name, async t => {
      const leaver = await newSomeone(instances, enrolled)
      const before = await stateOf(leaver)
      const remove = 'DELETE FROM "Session" WHERE "id" = $1'
      const signOut = await hold(t, service, remove, leaver.client.sessionId)
      const late = await untilItWaits(service, 1, () => send(leaver))
      await signOut()
      assertProblem(await late.result, 401, 'token_not_valid')
      assert.deepEqual(await stateOf(leaver), before)

      const stayer = await newSomeone(instances, enrolled)
      const rotate = 'UPDATE "Session" SET "jti" = gen_random_uuid() WHERE "id" = $1'
      const rotated = await hold(t, service, rotate, stayer.client.sessionId)
      const change = await untilItWaits(service, 1, () => send(stayer))
      assert.equal(change.waits, writesSession)
      await rotated()
      assert.ok((await change.result).statusCode < 300, (await change.result).body)
    })
  }
})
