import assert from 'node:assert/strict'
import { test } from 'node:test'
import { disableUser, enableUser, setRole } from '../../src/operator/accounts.js'
import { startApp, startAppOn, type TestApp } from '../support/app.js'
import { atEnd } from '../support/at-end.js'
import { createTestDatabase } from '../support/database.js'
import {
  type Answer,
  claimsOf,
  newClient,
  newPerson,
  type Person,
  present,
  presentAccess,
  refreshTokenOf,
  signedIn,
  signIn,
  signUp
} from '../support/people.js'
import {
  accept,
  inviteByOperator,
  inviting,
  newMemberAs,
  openLink,
  sendInvitation,
  setPassword,
  userIdOf
} from '../support/team.js'
import { atOnce, inLanes, races } from '../support/until.js'

const lanes = 4
const quiet = { ...inviting, MAIL_WORKER: 'false' }
const generous = {
  MAILS_PER_ADDRESS: '1000/min',
  MAILS_PER_NETWORK: '1000/min',
  MAILS_OVER_ALL: '100000/min'
}

const accountOf = async ({ query }: TestApp, email: string) => {
  const rows = await query<{
    id: string
    role: number
    passwordHash: string | null
    emailVerifiedAt: Date | null
  }>('SELECT * FROM "User" WHERE "email" = $1', [email])
  assert.equal(rows.length, 1, 'one account for one address')
  return rows[0] as (typeof rows)[0]
}

const liveLinks = ({ query }: TestApp, userId: string) =>
  query<{ purpose: string }>(
    `SELECT l."purpose"::text FROM "Link" l JOIN "User" u ON u."id" = l."userId"
     WHERE u."id" = $1 AND l."supersededAt" IS NULL AND l."redeemedAt" IS NULL
       AND COALESCE(l."credentialEpoch" = u."credentialEpoch", true)`,
    [userId]
  )

/**
 * Whoever won: the address is either a member's who signed up, or somebody's who is asked in. An account in use
 * whose address nobody proved stays as it is until the invited person accepts.
 */
async function assertOneOwner(service: TestApp, person: Person, invited: Answer, signedUp: Answer) {
  const { email } = person
  const account = await accountOf(service, email)
  const wasInvited = invited.statusCode === 201
  assert.ok(wasInvited || invited.json().code === 'email_taken', invited.body)
  const links = (await liveLinks(service, account.id)).map(({ purpose }) => purpose)
  const sessions = await service.query('SELECT 1 FROM "Session" WHERE "userId" = $1', [account.id])

  const inUse = sessions.length > 0 && account.emailVerifiedAt === null
  if (!wasInvited || inUse) {
    assert.equal(signedUp.statusCode, 201, signedUp.body)
    assert.equal(account.role, 0)
    assert.notEqual(account.passwordHash, null)
    assert.equal(links.includes('invitation'), wasInvited)
    return wasInvited ? 'signed up, then invited' : 'signed up'
  }
  // Nothing of the sign-up may reach the invited account: no password, no session, no link.
  assert.equal(account.role, 1000)
  assert.equal(account.passwordHash, null)
  assert.equal(account.emailVerifiedAt, null)
  assert.deepEqual(links, ['invitation'])
  assert.deepEqual(sessions, [])
  assert.notEqual((await signIn(newClient(service), person)).statusCode, 200)
  return 'invited'
}

for (const verification of ['none', 'optional', 'mandatory']) {
  const rounds = races(20)
  test(`ADM-06 ${rounds} races of an invitation and a sign-up for one address (verification ${verification})`, async t => {
    const service = await startApp(t, {
      ...quiet,
      ...generous,
      EMAIL_VERIFICATION: verification
    })
    const { client } = await newMemberAs(service, 'superuser')
    const outcomes = new Set<string>()
    await inLanes(rounds, lanes, async round => {
      const person = newPerson('contested')
      const invite = () => sendInvitation(client, person.email, 1000)
      const join = () => signUp(newClient(service), person)
      // The hash makes a sign-up slow: begun a little earlier it comes to the table at the same time.
      const [invited, signedUp] =
        round % 2 === 0
          ? await Promise.all([invite(), join()])
          : await Promise.all([join(), accountAppears(service, person).then(invite)]).then(
              ([joined, asked]) => [asked, joined] as const
            )
      outcomes.add(await assertOneOwner(service, person, invited, signedUp))
    })
    assert.ok(outcomes.has('invited'), [...outcomes].join())
  })
}

/** Waits for a moment that lies about where a sign-up writes; the address may be free or taken then. */
async function accountAppears(service: TestApp, { email }: Person) {
  for (let looks = 0; looks < 20; looks++) {
    const rows = await service.query('SELECT 1 FROM "User" WHERE "email" = $1', [email])
    if (rows.length > 0) return
  }
}

test('ADM-05 ten invitations for one address at once leave one account and one live link', async t => {
  const service = await startApp(t, quiet)
  const { client } = await newMemberAs(service, 'superuser')
  for (let round = 0; round < 5; round++) {
    const { email } = newPerson('popular')
    const answers = await atOnce(10, index =>
      sendInvitation(client, email, index % 2 === 0 ? 0 : 1000)
    )
    assert.deepEqual([...new Set(answers.map(({ statusCode }) => statusCode))], [201])
    const { id, role } = await accountOf(service, email)
    assert.equal((await liveLinks(service, id)).length, 1)
    const [invitation] = await service.query(
      'SELECT "role" FROM "Invitation" WHERE "userId" = $1',
      [id]
    )
    assert.equal(invitation?.role, role, 'the role of the last one, in both places')
  }
})

test('an invitation accepted twenty times at once is accepted once', async t => {
  const service = await startApp(t, quiet)
  for (let round = 0; round < 3; round++) {
    const { email } = newPerson('grace')
    const { client } = await openLink(service, await inviteByOperator(service, email))
    const answers = await atOnce(20, async index => {
      const one = newClient(service)
      for (const [name, value] of client.cookies) one.cookies.set(name, value)
      return setPassword(one, `${index} gigantic purple hats`)
    })
    const good = answers.flatMap((answer, index) => (answer.statusCode === 200 ? [index] : []))
    assert.equal(good.length, 1)
    const { id } = await accountOf(service, email)
    const sessions = await service.query('SELECT 1 FROM "Session" WHERE "userId" = $1', [id])
    assert.equal(sessions.length, 1)
    await signedIn(service, { email, password: `${good[0]} gigantic purple hats` })
  }
})

test('an invitation accepted and taken back at once is one or the other', async t => {
  const service = await startApp(t, quiet)
  const { client } = await newMemberAs(service, 'superuser')
  const outcomes = new Set<string>()
  await inLanes(20, lanes, async round => {
    const { email } = newPerson('grace')
    const password = 'gigantic purple hat'
    const opened = await openLink(service, await inviteByOperator(service, email))
    const { results } = (await client.send('GET', '/invitations/?state=pending')).json()
    const { id } = results.find((it: { email: string }) => it.email === email)
    const revoke = async () => {
      // Half of them wait for about as long as the hash takes.
      if (round % 2 === 0)
        for (let looks = 0; looks < 15; looks++) await service.query('SELECT pg_sleep(0.01)')
      return client.send('DELETE', `/invitations/${id}/`)
    }
    const [accepted, revoked] = await Promise.all([setPassword(opened.client, password), revoke()])
    if (accepted.statusCode === 200) {
      assert.ok([400, 404].includes(revoked.statusCode), revoked.body)
      await signedIn(service, { email, password })
      outcomes.add('accepted')
    } else {
      assert.equal(accepted.json().code, 'capability_invalid')
      assert.equal(revoked.statusCode, 204)
      assert.deepEqual(await service.query('SELECT 1 FROM "User" WHERE "email" = $1', [email]), [])
      outcomes.add('revoked')
    }
  })
  assert.ok(outcomes.has('revoked'), [...outcomes].join())
})

test('SES-08 races of refresh and an operator’s disabling: nothing outlives it', async t => {
  const service = await startApp(t, { ...quiet, REFRESH_REUSE_GRACE_SECONDS: '0' })
  const { deps } = service.app
  const everybody = await atOnce(lanes, () => newMemberAs(service, 'user'))
  await inLanes(races(20), lanes, async (_round, lane) => {
    const { person, userId } = everybody[lane] as (typeof everybody)[0]
    const client = await signedIn(service, person)
    const { token, access } = await refreshDuring(
      service,
      client.refreshToken as string,
      async () => {
        assert.equal(await disableUser(deps, userId), true)
      }
    )
    assert.equal((await present(service, token)).statusCode, 401)
    if (access !== null) assert.equal((await presentAccess(service, access)).statusCode, 401)
    assert.deepEqual(
      await service.query('SELECT 1 FROM "Session" WHERE "userId" = $1', [userId]),
      []
    )
    assert.equal(await enableUser(deps, userId), true)
    assert.equal((await present(service, token)).statusCode, 401, 'not even after enabling')
  })
})

test('SES-08 races of refresh and a lower role: no token of the higher one is given afterwards', async t => {
  const service = await startApp(t, { ...quiet, REFRESH_REUSE_GRACE_SECONDS: '0' })
  const { deps } = service.app
  const everybody = await atOnce(lanes, () => newMemberAs(service, 'user'))
  await inLanes(races(20), lanes, async (_round, lane) => {
    const { person, userId } = everybody[lane] as (typeof everybody)[0]
    await setRole(deps, userId, 1000)
    const client = await signedIn(service, person)
    assert.equal(claimsOf(client.access ?? '').role, 1000)
    const { token } = await refreshDuring(service, client.refreshToken as string, async () => {
      await setRole(deps, userId, 0)
    })
    assert.equal((await present(service, token)).statusCode, 401)
    const after = await signedIn(service, person)
    assert.equal(claimsOf(after.access ?? '').role, 0)
  })
})

/** Refreshes without pause until it is refused, while something happens in the middle of that. */
async function refreshDuring(service: TestApp, first: string, act: () => Promise<void>) {
  let over = false
  let token = first
  let access: string | null = null
  const acting = service
    .query('SELECT pg_sleep(random() / 20)')
    .then(act)
    .then(() => {
      over = true
    })
  for (;;) {
    const isLate: boolean = over
    const answer: Answer = await present(service, token)
    if (answer.statusCode !== 200) break
    assert.equal(isLate, false, 'a refresh that began after the end succeeded')
    token = refreshTokenOf(answer)
    access = answer.json().access
  }
  await acting
  return { token, access }
}

test('ADM-02 races of a demotion and an invitation: what was sent was allowed when it was sent', async t => {
  const service = await startApp(t, { ...quiet, JWT_ALLAUTH_ACCESS_TOKEN_SESSION_CHECK: 'false' })
  const { deps } = service.app
  const outcomes = new Set<number>()
  const everybody = await atOnce(lanes, () => newMemberAs(service, 'user'))
  await inLanes(races(20), lanes, async (_round, lane) => {
    const { person, userId } = everybody[lane] as (typeof everybody)[0]
    await setRole(deps, userId, 1000)
    const client = await signedIn(service, person)
    const { email } = newPerson('invited')
    const [answer] = await Promise.all([
      sendInvitation(client, email, 1000),
      setRole(deps, userId, 0)
    ])
    outcomes.add(answer.statusCode)
    const events = await service.query<{ event: string; details: { to?: string } }>(
      `SELECT "event", "details" FROM "AuditEvent"
       WHERE "actorId" = $1 AND "event" = 'invitation.sent'
         OR "subjectId" = $1 AND "event" = 'account.role_changed' ORDER BY "id" DESC LIMIT 2`,
      [userId]
    )
    if (answer.statusCode === 201) {
      // Both hold the inviter's row, so the later one saw the earlier: the invitation came first.
      assert.deepEqual(
        events.map(({ event }) => event),
        ['account.role_changed', 'invitation.sent']
      )
    } else {
      assert.equal(answer.json().code, 'permission_denied')
      assert.deepEqual(await service.query('SELECT 1 FROM "User" WHERE "email" = $1', [email]), [])
    }
    assert.equal((await sendInvitation(client, newPerson().email)).statusCode, 403)
  })
  assert.ok(outcomes.size > 0)
})

test('ADM-09 instances that start together invite ADMIN_EMAIL once', async t => {
  for (let round = 0; round < 3; round++) {
    const database = await createTestDatabase()
    atEnd(t, () => database.drop())
    const settings = { ...quiet, ADMIN_EMAIL: 'Admin@Example.com' }
    const services = await atOnce(4, () => startAppOn(t, database.url, settings))
    const [service] = services as [TestApp, ...TestApp[]]
    const events = await service.query(
      `SELECT 1 FROM "AuditEvent" WHERE "event" = 'invitation.sent'`
    )
    assert.equal(events.length, 1)
    const links = services.flatMap(({ logs }) =>
      logs.filter(line => line.includes('admin.invited')).map(line => JSON.parse(line).link)
    )
    assert.equal(links.length, 1)
    const admin = await accept(service, links[0], 'gigantic purple hat')
    assert.equal(claimsOf(admin.access ?? '').role_name, 'superuser')
    assert.equal((await accountOf(service, 'admin@example.com')).id, userIdOf(admin))
  }
})

/** Starts one more instance on the same database, and says what its log tells of the first admin. */
async function restart(t: Parameters<typeof startApp>[0], { databaseUrl }: TestApp, more = {}) {
  const { logs } = await startAppOn(t, databaseUrl, {
    ...quiet,
    ADMIN_EMAIL: 'admin@example.com',
    ...more
  })
  return logs.filter(line => /"event":"admin\./.test(line)).map(line => JSON.parse(line))
}

test('ADM-09 ADMIN_EMAIL is invited only while there is no superuser, and never by surprise', async t => {
  const service = await startApp(t, quiet)
  const link = (await restart(t, service))[0].link
  assert.deepEqual(await restart(t, service), [], 'an open invitation counts')

  await service.query(
    `UPDATE "Link" SET "createdAt" = now() - interval '9 days', "expiresAt" = now() - interval '1 day'`
  )
  const [second] = await restart(t, service)
  assert.notEqual(second.link, link, 'an expired one does not')
  const admin = await accept(service, second.link, 'gigantic purple hat')
  assert.deepEqual(await restart(t, service), [])
  assert.deepEqual(await restart(t, service, { ADMIN_EMAIL: 'other@example.com' }), [])

  // Disabled or demoted there is no superuser, but the address is somebody's: nothing is handed out.
  await disableUser(service.app.deps, userIdOf(admin))
  const [told] = await restart(t, service)
  assert.equal(told.event, 'admin.not_invited')
  assert.equal(told.link, undefined)
  await enableUser(service.app.deps, userIdOf(admin))
  await setRole(service.app.deps, userIdOf(admin), 0)
  assert.equal((await restart(t, service))[0].event, 'admin.not_invited')
  assert.equal((await accountOf(service, 'admin@example.com')).role, 0)
})

test('ADM-09 a stranger who signed up with ADMIN_EMAIL keeps nothing, and is not offered for promotion', async t => {
  const service = await startApp(t, { ...quiet, EMAIL_VERIFICATION: 'optional' })
  const stranger = newClient(service)
  const email = 'admin@example.com'
  assert.equal((await signUp(stranger, { ...newPerson(), email })).statusCode, 201)
  const [invited] = await restart(t, service, { EMAIL_VERIFICATION: 'optional' })
  assert.equal(invited.event, 'admin.invited')
  assert.equal((await presentAccess(service, stranger.access ?? '')).statusCode, 200)
  await accept(service, invited.link, 'gigantic purple hat')
  assert.equal((await accountOf(service, email)).role, 900)
  assert.equal((await presentAccess(service, stranger.access ?? '')).statusCode, 401)

  // An account that seems proven since its first moment signed up with verification off.
  await service.query('UPDATE "User" SET "role" = 0, "emailVerifiedAt" = "createdAt"')
  const told = async (mode: string) =>
    (await restart(t, service, { EMAIL_VERIFICATION: mode }))[0].msg as string
  assert.match(await told('optional'), /may be a stranger’s/)
  await service.query(`UPDATE "User" SET "emailVerifiedAt" = now()`)
  assert.match(await told('none'), /may be a stranger’s/)
  assert.match(await told('optional'), /set-role/)
})

test('ADM-09 where mail is sent ADMIN_EMAIL is mailed, and its link is in no log', async t => {
  const service = await startApp(t, quiet)
  const [told] = await restart(t, service, { EMAIL_HOST: '127.0.0.1', EMAIL_PORT: '1' })
  assert.equal(told.event, 'admin.invited')
  assert.equal(told.link, undefined)
  const mails = await service.query('SELECT "template", "recipient", "state" FROM "Mail"')
  assert.deepEqual(mails, [
    { template: 'admin-link', recipient: 'admin@example.com', state: 'queued' }
  ])
})
