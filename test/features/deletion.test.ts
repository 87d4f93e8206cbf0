import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { deleteUser, disableUser, enableUser } from '../../src/operator/accounts.js'
import { runMaintenance } from '../../src/operator/maintenance.js'
import { startApp, type TestApp } from '../support/app.js'
import { assertProblem, cookieOf, patient, withoutTraces } from '../support/expect.js'
import { appCode, challengeFor, enrol, verify } from '../support/factor.js'
import { askReset, queuedLink, queuedMails, unsent } from '../support/links.js'
import {
  type Client,
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
import {
  accept,
  inviteByOperator,
  inviting,
  newMemberAs,
  sendInvitation,
  userIdOf
} from '../support/team.js'

const day = 86_400
const settings = {
  ...patient,
  ...unsent,
  ...inviting,
  EMAIL_VERIFICATION: 'mandatory',
  JWT_ALLAUTH_MFA_TOTP_MODE: 'optional',
  ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS: '30'
}
const undoOf = (service: TestApp, email: string) => queuedLink(service, email, /user\/delete\/undo/)

const post = (service: TestApp, path: string) =>
  newClient(service).send('POST', path, {}, { accept: 'application/json' })

/** Somebody whose address is proven, and who has just signed in. */
async function newOwner(service: TestApp, name = 'ada') {
  const person = newPerson(name)
  await signUp(newClient(service), person)
  await post(service, await queuedLink(service, person.email))
  return { person, client: await signedIn(service, person) }
}

const deleteAccount = (client: Client, body: object = {}) => client.send('DELETE', '/user/', body)

async function closed(client: Client) {
  const answer = await deleteAccount(client)
  assert.equal(answer.statusCode, 202, answer.body)
  return new Date(answer.json().erase_at)
}

/** The rows of an account in every table that has any, by name. */
async function rowsOf(service: TestApp, userId: string): Promise<Record<string, number>> {
  const tables = await service.query<{ table_name: string; column_name: string }>(
    `SELECT table_name, column_name FROM information_schema.columns
     WHERE table_schema = 'public' AND column_name IN ('userId', 'inviterId')`
  )
  const found: Record<string, number> = {}
  for (const { table_name, column_name } of tables) {
    const rows = await service.query(`SELECT 1 FROM "${table_name}" WHERE "${column_name}" = $1`, [
      userId
    ])
    if (rows.length > 0) found[`${table_name}.${column_name}`] = rows.length
  }
  const users = await service.query('SELECT 1 FROM "User" WHERE "id" = $1', [userId])
  return users.length > 0 ? { ...found, User: 1 } : found
}

const assertErased = async (service: TestApp, userId: string) =>
  assert.deepEqual(await rowsOf(service, userId), {})

const refused = async (service: TestApp, person: Person) =>
  assertProblem(await signIn(newClient(service), person), 401, 'incorrect_credentials')

test('deleting an account', async t => {
  const service = await startApp(t, settings)
  const { deps } = service.app

  await t.test('ACC-02 it is closed at once: no session, no sign-in, no reset', async () => {
    const { person, client } = await newOwner(service)
    const other = await signedIn(service, person)
    const answer = await deleteAccount(client)
    assert.equal(answer.statusCode, 202, answer.body)
    const { detail, erase_at } = answer.json()
    assert.equal(detail, 'The account is closed. It will be deleted for good.')
    const wait = new Date(erase_at).getTime() - service.clock().getTime()
    assert.ok(Math.abs(wait - 14 * day * 1000) < 60_000)
    assert.equal(cookieOf(answer, 'refresh_token')?.value, '')

    for (const each of [client, other]) assert.equal((await readUser(each)).statusCode, 401)
    assert.equal((await refresh(other)).statusCode, 401)
    assertProblem(await deleteAccount(other), 401, 'no_active_account')
    // Like any disabled account, to the byte.
    const { person: disabled } = await newOwner(service)
    await disableUser(deps, await idOf(service, disabled))
    assert.deepEqual(
      withoutTraces(await signIn(newClient(service), person)),
      withoutTraces(await signIn(newClient(service), disabled))
    )
    const before = await queuedMails(service, person.email)
    assert.equal((await askReset(newClient(service), person.email)).statusCode, 200)
    assert.equal((await queuedMails(service, person.email)).length, before.length)
  })

  await t.test('ACC-03 the link in the mail keeps the account, with its password', async () => {
    const { person, client } = await newOwner(service)
    await closed(client)
    const undo = await undoOf(service, person.email)
    assert.equal((await newClient(service).send('HEAD', undo)).statusCode, 204)
    const kept = await post(service, undo)
    assert.equal(kept.statusCode, 200, kept.body)
    assert.deepEqual(kept.json(), { detail: 'The account is kept. You can sign in again.' })
    assert.equal((await post(service, undo)).statusCode, 200, 'a second click gets the same answer')
    assert.equal((await readUser(client)).statusCode, 401, 'ended sessions stay ended')
    await signedIn(service, person)
    await service.advance(15 * day)
    await runMaintenance(deps)
    const later = await signedIn(service, person)
    await service.advance(601)

    // The next deletion has a link of its own; the old one is done with.
    await refresh(later)
    assertProblem(await deleteAccount(later), 403, 'reauthentication_required')
    assert.equal((await deleteAccount(later, { password: person.password })).statusCode, 202)
    assertProblem(await post(service, undo), 400, 'link_invalid')
    assert.equal((await post(service, await undoOf(service, person.email))).statusCode, 200)
  })

  await t.test(
    'ACC-04 after the grace everything is erased, and the trail keeps an id',
    async () => {
      const { person, client, userId } = await newMemberAs(service, 'staff')
      await enrol(service, client)
      assert.equal((await sendInvitation(client, newPerson('grace').email)).statusCode, 201)
      await askReset(newClient(service), person.email)
      const eraseAt = await closed(client)
      const undo = await undoOf(service, person.email)
      await service.advance(14 * day - 60)
      assert.equal((await runMaintenance(deps)).removed.accounts, 0)
      await service.advance((eraseAt.getTime() - service.clock().getTime()) / 1000 + 1)
      assertProblem(await post(service, undo), 400, 'link_invalid')
      const { removed, failures } = await runMaintenance(deps)
      assert.deepEqual([removed.accounts, failures], [1, []])
      await assertErased(service, userId)
      const events = await service.query<{ event: string; actorId: string | null }>(
        `SELECT "event", "actorId" FROM "AuditEvent" WHERE "subjectId" = $1 ORDER BY "id" DESC LIMIT 2`,
        [userId]
      )
      assert.deepEqual(events, [
        { event: 'account.deleted', actorId: null },
        { event: 'account.deletion_requested', actorId: userId }
      ])
      const dump = JSON.stringify([
        await service.query('SELECT * FROM "Mail"'),
        await service.query('SELECT * FROM "AuditEvent"')
      ])
      assert.ok(!dump.includes(person.email), 'no row names the address any more')
      assertProblem(await post(service, undo), 400, 'link_invalid')
      await refused(service, person)
      assert.equal((await runMaintenance(deps)).removed.accounts, 0)
      assert.equal((await signUp(newClient(service), person)).statusCode, 201)
      await post(service, await queuedLink(service, person.email))
      const anew = await signedIn(service, person)
      assert.notEqual(userIdOf(anew), userId)
    }
  )

  await t.test('ACC-05 until then the address is reserved, and its owner is told why', async () => {
    const { person, client } = await newOwner(service)
    await closed(client)
    const free = newPerson()
    const masked = async (email: string) =>
      JSON.stringify(
        withoutTraces(await signUp(newClient(service), { email, password: 'some other words' }))
      ).replaceAll(email, 'x')
    assert.equal(await masked(person.email), await masked(free.email))
    const [told] = await service.query<{ template: string; params: { erasedAt?: string } }>(
      `SELECT "template", "params" FROM "Mail" WHERE "recipient" = $1 ORDER BY "id" DESC`,
      [person.email]
    )
    assert.equal(told?.template, 'account-exists')
    assert.ok(told?.params.erasedAt)
    const { mail } = service.app.renderer
    const shown = mail('account-exists', 'en', told?.params ?? {})
    assert.match(shown.text, /This account is closed and will be deleted: /)
    assert.doesNotMatch(shown.text, /Reset password/)

    const { client: bob } = await newOwner(service, 'bob')
    assert.equal((await bob.send('PATCH', '/user/', { email: person.email })).statusCode, 200)
    const mails = await queuedMails(service, person.email)
    assert.equal(mails[0]?.template, 'account-exists')
    await assert.rejects(inviteByOperator(service, person.email), { code: 'email_taken' })
    assert.equal((await post(service, await undoOf(service, person.email))).statusCode, 200)
  })

  await t.test('ACC-02 it asks for a fresh proof, with the second factor', async () => {
    const { person, client } = await newOwner(service)
    const { secret } = await enrol(service, client)
    await service.advance(601)
    await refresh(client)
    assertProblem(await deleteAccount(client), 403, 'reauthentication_required')
    assertProblem(await deleteAccount(client, { password: 'wrong' }), 400, 'incorrect_password', {
      password: ['The password is not right.']
    })
    assertProblem(await deleteAccount(client, { now: true }), 400, 'validation_error', {
      now: ['This field is not known here.']
    })
    assert.equal((await readUser(client)).statusCode, 200)
    const other = newClient(service)
    const challenge = await challengeFor(service, person, other)
    await verify(other, challenge, appCode(secret, service.clock()))
    assert.equal((await deleteAccount(other)).statusCode, 202)
    assert.equal((await post(service, await undoOf(service, person.email))).statusCode, 200)
    const { challenge_id } = (await signIn(newClient(service), person)).json()
    assert.ok(challenge_id, 'the second factor is still asked for')
  })

  await t.test('ACC-06 a thief who moves the account and deletes it does not win', async () => {
    const { person, client: thief } = await newOwner(service)
    const lair = newPerson('lair')
    await thief.send('PATCH', '/user/', { email: lair.email })
    await post(service, await queuedLink(service, lair.email, /confirm/))
    await closed(thief)
    const [told] = await queuedMails(service, person.email)
    assert.equal(told?.template, 'account-deletion', 'the owner is told, and gets a way back')
    assert.match(String(told?.path), /user\/email\/undo/)
    const theirs = await undoOf(service, lair.email)

    const browser = newClient(service)
    const taken = await browser.send('POST', String(told?.path), {})
    assert.equal(taken.statusCode, 200, taken.body)
    assertProblem(await post(service, theirs), 400, 'link_invalid')
    const [row] = await service.query(
      `SELECT "email", "isActive", (SELECT count(*)::int FROM "AccountDeletion") AS deletions
       FROM "User" WHERE "id" = $1`,
      [userIdOf(thief)]
    )
    assert.deepEqual(row, { email: person.email, isActive: true, deletions: 0 })
  })

  await t.test(
    'operators: enabling keeps it, disabling keeps it shut, deleting is final',
    async () => {
      const { person, client } = await newOwner(service)
      const userId = userIdOf(client)
      await closed(client)
      const undo = await undoOf(service, person.email)
      assert.equal(await enableUser(deps, userId), true)
      assertProblem(await post(service, undo), 400, 'link_invalid')
      await closed(await signedIn(service, person))

      assert.equal(await disableUser(deps, userId), true)
      assertProblem(await post(service, await undoOf(service, person.email)), 400, 'link_invalid')
      await refused(service, person)
      await service.advance(15 * day)
      await runMaintenance(deps)
      assert.deepEqual(await disableUser(deps, userId), false)
      assert.equal((await rowsOf(service, userId)).User, 1, 'an operator’s word is the last one')

      await deleteUser(deps, userId)
      await assertErased(service, userId)
      const mails = await queuedMails(service, person.email)
      assert.deepEqual(
        mails.map(({ template }) => template),
        ['account-deleted']
      )
    }
  )

  await t.test('enabling by hand keeps an account, too', async () => {
    const { person, client } = await newOwner(service)
    await closed(client)
    const userId = userIdOf(client)
    await service.query('UPDATE "User" SET "isActive" = true WHERE "id" = $1', [userId])
    await service.advance(15 * day)
    await runMaintenance(deps)
    await signedIn(service, person)
    await assert.rejects(
      service.query('INSERT INTO "AccountDeletion" VALUES ($1, now(), now())', [userId]),
      { code: '23514' }
    )
  })
})

const idOf = async (service: TestApp, { email }: Person): Promise<string> =>
  String((await service.query('SELECT "id" FROM "User" WHERE "email" = $1', [email]))[0]?.id)

async function withoutGrace(t: TestContext, more: Record<string, string> = {}) {
  return startApp(t, { ...settings, ACCOUNT_DELETION_GRACE: '0', ...more })
}

test('ACC-07 without a grace an account is erased at once, and its mailbox is told', async t => {
  const service = await withoutGrace(t)
  const { person, client } = await newOwner(service)
  const answer = await deleteAccount(client)
  assert.deepEqual(
    [answer.statusCode, answer.json()],
    [202, { detail: 'The account was deleted.', erase_at: null }]
  )
  await assertErased(service, userIdOf(client))
  assert.equal((await readUser(client)).statusCode, 401)
  const [told] = await queuedMails(service, person.email)
  assert.deepEqual(told, { template: 'account-deleted', userId: null, path: null, code: null })
  await service.query(`UPDATE "Mail" SET "state" = 'sent', "settledAt" = now() - interval '1 s'`)
  await runMaintenance(service.app.deps)
  assert.deepEqual(await queuedMails(service, person.email), [], 'the sent mail goes, too')

  // An open undo right comes first: its owner has 72 hours.
  const { person: owner, client: thief } = await newOwner(service)
  const lair = newPerson('lair')
  await thief.send('PATCH', '/user/', { email: lair.email })
  await post(service, await queuedLink(service, lair.email, /confirm/))
  await closed(thief)
  await runMaintenance(service.app.deps)
  const undone = await post(service, await queuedLink(service, owner.email, /email\/undo/))
  assert.equal(undone.statusCode, 200, undone.body)
})

test('ACC-08 an address that was never proven is reserved for nobody', async t => {
  const service = await startApp(t, { ...settings, EMAIL_VERIFICATION: 'optional' })
  const { person, client } = await newMember(service)
  const link = await inviteByOperator(service, person.email, 'staff').catch(() => null)
  assert.equal((await deleteAccount(client)).json().erase_at, null)
  await assertErased(service, userIdOf(client))
  const templates = (await queuedMails(service, person.email)).map(({ template }) => template)
  assert.ok(!templates.includes('account-deleted') && !templates.includes('account-deletion'))
  if (link === null) assert.equal((await signUp(newClient(service), person)).statusCode, 201)
  else await accept(service, link, 'gigantic purple hat')
})

test('without mail there is no link back, and an operator keeps the account', async t => {
  const service = await startApp(t, { EMAIL_DISABLED: 'true' })
  const { person, client } = await newMember(service)
  assert.ok((await deleteAccount(client)).json().erase_at)
  assert.equal((await newClient(service).send('GET', '/user/delete/undo/')).statusCode, 404)
  await enableUser(service.app.deps, userIdOf(client))
  await signedIn(service, person)
})
