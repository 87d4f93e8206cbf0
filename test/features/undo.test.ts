import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { disableUser, enableUser } from '../../src/operator/accounts.js'
import { operatorSender } from '../../src/operator/no-sender.js'
import { revokeInvitation } from '../../src/registration/manage-invitations.js'
import { startApp, type TestApp } from '../support/app.js'
import { assertProblem, withoutTraces } from '../support/expect.js'
import { activate, appCode, beginSetup, challengeFor, enrol, verify } from '../support/factor.js'
import { askReset, queuedLink, queuedMails, setNew, unsent } from '../support/links.js'
import {
  type Client,
  changePassword,
  claimsOf,
  newClient,
  newPerson,
  type Person,
  readUser,
  refresh,
  signedIn,
  signIn,
  signUp
} from '../support/people.js'
import { accept, inviteByOperator, userIdOf } from '../support/team.js'
import { atOnce } from '../support/until.js'

const settings = {
  ...unsent,
  EMAIL_VERIFICATION: 'mandatory',
  JWT_ALLAUTH_MFA_TOTP_MODE: 'optional',
  ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS: '10'
}
const day = 86_400
const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const taken = { email: ['A user is already registered with this email address.'] }

/** Somebody whose address is proven, and who has just signed in. */
async function newOwner(service: TestApp, name = 'ada') {
  const person = newPerson(name)
  await signUp(newClient(service), person)
  await post(service, await queuedLink(service, person.email))
  return { person, client: await signedIn(service, person) }
}

/** Lets time pass for people who keep their sessions. */
async function wait(service: TestApp, seconds: number, ...clients: Client[]) {
  await service.advance(seconds)
  for (const client of clients) assert.equal((await refresh(client)).statusCode, 200)
}

const post = (service: TestApp, path: string, client: Client = newClient(service)) =>
  client.send('POST', path, {}, { accept: 'application/json' })

const changeTo = (client: Client, email: string, more: object = {}) =>
  client.send('PATCH', '/user/', { email, ...more })

/** Moves an account to an address whose mailbox the mover reads. */
async function move(service: TestApp, client: Client, email: string, more: object = {}) {
  const asked = await changeTo(client, email, more)
  assert.equal(asked.statusCode, 200, asked.body)
  const confirmed = await post(service, await queuedLink(service, email, /confirm/))
  assert.equal(confirmed.statusCode, 200, confirmed.body)
}

const undoOf = (service: TestApp, email: string) => queuedLink(service, email, /undo/)

/** The undo links that were ever mailed to an address. */
async function undosOf(service: TestApp, email: string): Promise<string[]> {
  const mails = await queuedMails(service, email)
  return mails.flatMap(({ path }) => (path !== null && /undo/.test(path) ? [path] : []))
}

/** Presses the undo of a mailbox, chooses a password and signs in; returns who is signed in then. */
async function takeBack(service: TestApp, person: Person, password = 'mine again, all of it') {
  const browser = newClient(service)
  const pressed = await post(service, await undoOf(service, person.email), browser)
  assert.equal(pressed.statusCode, 200, pressed.body)
  assert.equal((await setNew(browser, password)).statusCode, 200)
  person.password = password
  return browser
}

async function started(t: TestContext) {
  const service = await startApp(t, settings)
  await newOwner(service)
  return service
}

test('“This wasn’t me”', async t => {
  const service = await started(t)

  await t.test('UND-01 a thief moves A→B→C: only A can undo, and the thief is out', async () => {
    const { person, client: thief } = await newOwner(service)
    const lairs = [newPerson('lair'), newPerson('den')] as const
    for (const { email } of lairs) await move(service, thief, email)

    for (const { email } of lairs) assert.deepEqual(await undosOf(service, email), [])
    assert.equal((await undosOf(service, person.email)).length, 1)
    const owner = await takeBack(service, person)
    assert.equal((await readUser(owner)).json().email, person.email)
    assert.equal((await readUser(thief)).statusCode, 401)
    assert.equal((await refresh(thief)).statusCode, 401)
    for (const { email } of lairs)
      assertProblem(
        await signIn(newClient(service), { email, password: 'gigantic purple hat' }),
        401,
        'incorrect_credentials'
      )
  })

  await t.test('UND-01 the owner moves back by PATCH: the right stays with A', async () => {
    const { person, client: thief } = await newOwner(service)
    const lair = newPerson('lair')
    await move(service, thief, lair.email)
    const owner = await signedIn(service, { ...person, email: lair.email })
    await move(service, owner, person.email)

    assert.deepEqual(await undosOf(service, lair.email), [], 'the thief reads of no way back')
    assert.equal((await readUser(owner)).json().email, person.email)
    const first = await undoOf(service, person.email)
    // The thief goes on: the owner's right is still there, and the next notice to A has a link, too.
    await move(service, thief, newPerson('den').email)
    const [newest, oldest] = await undosOf(service, person.email)
    assert.equal(oldest, first)
    assert.notEqual(newest, first)
    const browser = newClient(service)
    assert.equal((await post(service, first, browser)).statusCode, 200)
    assertProblem(await post(service, String(newest)), 400, 'link_invalid')
    assert.equal((await setNew(browser, 'mine again, all of it')).statusCode, 200)
    assert.equal((await readUser(browser)).json().email, person.email)
    assert.equal((await readUser(thief)).statusCode, 401)
  })

  await t.test('UND-02 the address is reserved for 72 hours from the last change', async () => {
    const { person, client: thief } = await newOwner(service)
    const lair = newPerson('lair')
    await move(service, thief, lair.email)
    await wait(service, 2 * day, thief)
    await move(service, thief, newPerson('den').email, { password: person.password })
    await wait(service, 3 * day - 60, thief)

    const { client: other } = await newOwner(service, 'bob')
    const free = newPerson()
    const same = async (
      answerTo: (email: string) => Promise<Awaited<ReturnType<typeof signUp>>>
    ) => {
      const masked = async (email: string) =>
        JSON.stringify(withoutTraces(await answerTo(email))).replaceAll(email, 'x')
      assert.equal(await masked(person.email), await masked(free.email))
    }
    await same(email => signUp(newClient(service), { email, password: 'some quite other words' }))
    await same(email => changeTo(other, email))
    const told = await queuedMails(service, person.email)
    assert.deepEqual(
      told.slice(0, 2).map(({ template }) => template),
      ['account-exists', 'account-exists']
    )
    await assert.rejects(inviteByOperator(service, person.email), { code: 'email_taken' })
    const rows = await service.query(`SELECT 1 FROM "User" WHERE "email" = $1`, [person.email])
    assert.equal(rows.length, 0)
    assert.equal((await post(service, await undoOf(service, person.email))).statusCode, 200)
    assert.equal((await readUser(thief)).statusCode, 401)
  })

  await t.test('UND-02 after 72 hours the link is dead and the address free', async () => {
    const { person, client: thief } = await newOwner(service)
    await move(service, thief, newPerson('lair').email)
    const undo = await undoOf(service, person.email)
    await wait(service, 3 * day + 60, thief)

    assertProblem(await post(service, undo), 400, 'link_invalid')
    await signUp(newClient(service), person)
    const confirmed = await post(service, await queuedLink(service, person.email, /verification/))
    assert.ok(confirmed.statusCode < 400, confirmed.body)
    // A new series of changes begins: this right is the present address's.
    const next = newPerson('next')
    const { email } = (await readUser(thief)).json()
    await move(service, thief, next.email, { password: person.password })
    assert.equal((await undosOf(service, email)).length, 1)
  })

  await t.test('UND-03 a factor set up with a two-day-old session locks nobody out', async () => {
    const { person, client: thief } = await newOwner(service)
    await wait(service, 2 * day, thief)
    const factor = await enrol(service, thief)
    await service.advance(30)
    assert.equal((await readUser(thief)).statusCode, 200)

    const challenge = await challengeFor(service, person)
    const owner = await takeBack(service, person)
    assert.equal((await readUser(owner)).json().email, person.email)
    assertProblem(
      await verify(newClient(service), challenge, appCode(factor.secret, service.clock())),
      400,
      'challenge_invalid'
    )
    assert.equal((await readUser(thief)).statusCode, 401)
    const again = await signedIn(service, person)
    assert.ok(again.access, 'no code is asked for')
    assert.deepEqual((await again.send('GET', '/mfa/authenticators/')).json(), [])
  })

  await t.test('UND-03 a factor that was there before stays, with its codes', async () => {
    const { person, client: owner } = await newOwner(service)
    const { secret, recoveryCodes } = await enrol(service, owner)
    await wait(service, 3 * day + 60, owner)
    await move(service, owner, newPerson('lair').email, { password: person.password })
    const pressing = newClient(service)
    assert.equal(
      (await post(service, await undoOf(service, person.email), pressing)).statusCode,
      200
    )
    const answer = (await setNew(pressing, 'mine again, all of it')).json()
    assert.equal(answer.mfa_required, true, 'an undo is no way round a factor')
    const client = newClient(service)
    const code = appCode(secret, service.clock())
    assert.equal((await verify(client, answer.challenge_id, code)).statusCode, 200)
    const [, codes] = (await client.send('GET', '/mfa/authenticators/')).json()
    assert.equal(codes.codes_left, recoveryCodes.length)
  })

  await t.test('UND-03 recovery codes that a thief made are gone, the app stays', async () => {
    const { person, client: thief } = await newOwner(service)
    await enrol(service, thief)
    await wait(service, 3 * day + 60, thief)
    await move(service, thief, newPerson('lair').email, { password: person.password })
    const made = await thief.send('POST', '/mfa/recovery-codes/', { password: person.password })
    assert.equal(made.statusCode, 200, made.body)
    const pressing = newClient(service)
    await post(service, await undoOf(service, person.email), pressing)
    const { challenge_id } = (await setNew(pressing, 'mine again, all of it')).json()
    const [stolen] = made.json().recovery_codes
    const body = { challenge_id, recovery_code: stolen }
    assertProblem(
      await newClient(service).send('POST', '/mfa/verify-recovery/', body),
      400,
      'invalid_code',
      { recovery_code: ['This code is not right.'] }
    )
  })

  await t.test('UND-04 the password is void, and a reset by mail sets another', async () => {
    const { person, client: thief } = await newOwner(service)
    const lair = newPerson('lair')
    await move(service, thief, lair.email)
    await askReset(newClient(service), lair.email)
    const reset = newClient(service)
    await reset.send('GET', await queuedLink(service, lair.email, /password/))
    assert.ok(reset.cookies.has('password_reset_access_token'))
    assert.equal((await changeTo(thief, newPerson('den').email)).statusCode, 200)
    const begun = await beginSetup(thief)
    assert.equal((await post(service, await undoOf(service, person.email))).statusCode, 200)

    for (const email of [person.email, lair.email])
      assertProblem(
        await signIn(newClient(service), { ...person, email }),
        401,
        'incorrect_credentials'
      )
    const refused = await setNew(reset, 'mine now, all of it')
    assert.equal(refused.json().code, 'capability_invalid')
    const code = appCode(begun.json().secret, service.clock())
    assert.equal((await activate(thief, code)).statusCode, 401)
    assert.equal((await changeTo(thief, lair.email)).statusCode, 401)

    // The browser that pressed the button is gone: the mailbox is enough.
    await askReset(newClient(service), person.email)
    const owner = newClient(service)
    await owner.send('GET', await queuedLink(service, person.email, /password\/reset/))
    assert.equal((await setNew(owner, 'mine again, all of it')).statusCode, 200)
    const user = (await readUser(owner)).json()
    assert.deepEqual([user.email, user.pending_email], [person.email, undefined])
  })

  await t.test(
    'UND-05 both mailboxes are told, the trail says so, and the right is spent',
    async () => {
      const { person, client: thief } = await newOwner(service)
      const lair = newPerson('lair')
      await move(service, thief, lair.email)
      const undo = await undoOf(service, person.email)
      const browser = newClient(service, { headers: { 'user-agent': firefox } })
      const clicks = await atOnce(3, () => post(service, undo, browser))
      // A program whose answer was lost repeats the request, at once or later.
      await wait(service, 30)
      for (const { statusCode } of [...clicks, await post(service, undo, browser)])
        assert.equal(statusCode, 200)

      for (const { email } of [person, lair]) {
        const templates = (await queuedMails(service, email)).map(({ template }) => template)
        assert.equal(templates.filter(name => name === 'changes-undone').length, 1)
      }
      // Only the owner reads where the owner was.
      const told = await service.query<{ recipient: string; origin: object }>(
        `SELECT "recipient", jsonb_build_array("params" ? 'device', "params"->'network') AS "origin" FROM "Mail"
         WHERE "template" = 'changes-undone' AND "recipient" IN ($1, $2)`,
        [person.email, lair.email]
      )
      assert.deepEqual(Object.fromEntries(told.map(row => [row.recipient, row.origin])), {
        [person.email]: [true, '127.0.0.1'],
        [lair.email]: [false, null]
      })
      const events = await service.query(
        `SELECT "actorId" FROM "AuditEvent" WHERE "event" = 'email.change_undone' AND "subjectId" = $1`,
        [userIdOf(thief)]
      )
      assert.deepEqual(events, [{ actorId: null }])
      assert.equal((await setNew(browser, 'mine again, all of it')).statusCode, 200)
      assertProblem(await post(service, undo), 400, 'link_invalid')
      const rights = await service.query(`SELECT 1 FROM "UndoRight" WHERE "userId" = $1`, [
        userIdOf(thief)
      ])
      assert.equal(rights.length, 0)
    }
  )

  await t.test('UND-02 disabling the account ends the right and frees the address', async () => {
    const { person, client } = await newOwner(service)
    await move(service, client, newPerson('moved').email)
    const undo = await undoOf(service, person.email)
    await disableUser(service.app.deps, userIdOf(client))
    await enableUser(service.app.deps, userIdOf(client))
    assertProblem(await post(service, undo), 400, 'link_invalid')
    assert.ok(await inviteByOperator(service, person.email))
  })

  await t.test(
    'UND-06 a link that is refused for a taken address works when it is free',
    async () => {
      const { client: mover } = await newOwner(service)
      const wanted = newPerson('wanted')
      await changeTo(mover, wanted.email)
      const confirm = await queuedLink(service, wanted.email, /confirm/)
      await signUp(newClient(service), wanted)
      await post(service, await queuedLink(service, wanted.email, /verification/))
      assertProblem(await post(service, confirm), 400, 'email_taken', taken)

      await move(service, await signedIn(service, wanted), newPerson('elsewhere').email)
      assertProblem(await post(service, confirm), 400, 'email_taken', taken)
      await wait(service, 3 * day + 60, mover)
      assert.equal((await post(service, confirm)).statusCode, 200)
      assert.equal((await readUser(mover)).json().email, wanted.email)
    }
  )

  await t.test('UND-07 an account that nobody proved gives way to a proven mailbox', async () => {
    const { client: mover } = await newOwner(service)
    const wanted = newPerson('wanted')
    await signUp(newClient(service), { ...wanted, password: 'a stranger chose this' })
    const stale = await queuedLink(service, wanted.email, /verification/)
    await move(service, mover, wanted.email)

    assert.equal((await readUser(mover)).json().email, wanted.email)
    const templates = (await queuedMails(service, wanted.email)).map(({ template }) => template)
    assert.deepEqual(templates, ['email-change-confirm'], 'its mails are gone with it')
    assert.equal((await post(service, stale)).statusCode, 400)
    const events = await service.query(
      `SELECT 1 FROM "AuditEvent" WHERE "event" = 'account.yielded'`
    )
    assert.equal(events.length, 1)
  })
})

test('UND-07 an account that nobody proved gives way to an invited person', async t => {
  const service = await startApp(t, { ...settings, EMAIL_VERIFICATION: 'optional' })
  const wanted = newPerson('wanted')
  const stranger = newClient(service)
  await signUp(stranger, wanted)
  const strangerId = userIdOf(stranger)

  const link = await inviteByOperator(service, wanted.email, 'staff')
  assert.equal((await readUser(stranger)).statusCode, 200, 'an invitation proves nothing yet')
  const invited = await accept(service, link, 'an invited person chose this')
  assert.notEqual(userIdOf(invited), strangerId)
  assert.equal(claimsOf(invited.access ?? '').role_name, 'staff')
  assert.equal((await readUser(stranger)).statusCode, 401)
  assert.equal((await refresh(stranger)).statusCode, 401)
  assertProblem(await signIn(newClient(service), wanted), 401, 'incorrect_credentials')
  assert.equal((await queuedMails(service, wanted.email)).length, 0, 'its mails are gone with it')
  await assert.rejects(inviteByOperator(service, wanted.email), { code: 'email_taken' })

  // Whoever uses such an account keeps it when the invitation is withdrawn.
  const other = newPerson('other')
  const user = newClient(service)
  await signUp(user, other)
  const withdrawn = await inviteByOperator(service, other.email, 'staff')
  const [row] = await service.query<{ id: string }>(
    `SELECT "id"::text FROM "Invitation" WHERE "userId" = $1`,
    [userIdOf(user)]
  )
  const action = { id: row?.id ?? '', inviterId: null, sender: operatorSender(service.app.deps) }
  await revokeInvitation(service.app.deps, action)
  assert.equal((await readUser(user)).statusCode, 200)
  const page = await newClient(service).send('GET', new URL(withdrawn).pathname)
  assert.equal(page.statusCode, 400)
})

test('UND-07 whoever uses an unproven account cannot void the invitation of its address', async t => {
  const service = await startApp(t, { ...settings, EMAIL_VERIFICATION: 'optional' })
  const use = async () => {
    const wanted = newPerson('wanted')
    const stranger = newClient(service)
    await signUp(stranger, wanted)
    return { wanted, stranger, link: await inviteByOperator(service, wanted.email, 'staff') }
  }
  const accepts = async (link: string) => {
    const invited = await accept(service, link, 'an invited person chose this')
    assert.equal(claimsOf(invited.access ?? '').role_name, 'staff')
    return invited
  }

  const byPassword = await use()
  const changed = await changePassword(
    byPassword.stranger,
    byPassword.wanted,
    'the stranger chose another'
  )
  assert.equal(changed.statusCode, 200)
  await accepts(byPassword.link)
  assert.equal((await readUser(byPassword.stranger)).statusCode, 401)

  const byMove = await use()
  await move(service, byMove.stranger, newPerson('elsewhere').email)
  const invited = await accepts(byMove.link)
  assert.equal((await readUser(invited)).json().email, byMove.wanted.email)
  assert.equal((await readUser(byMove.stranger)).statusCode, 200, 'it lives on elsewhere')

  // The owner of the mailbox asks for a reset instead: the account is theirs, and the invitation ends.
  const byReset = await use()
  await askReset(newClient(service), byReset.wanted.email)
  const owner = newClient(service)
  await owner.send('GET', await queuedLink(service, byReset.wanted.email, /password\/reset/))
  assert.equal((await setNew(owner, 'mine again, all of it')).statusCode, 200)
  const page = await newClient(service).send('GET', new URL(byReset.link).pathname)
  assert.equal(page.statusCode, 400)
  const rows = await service.query(`SELECT 1 FROM "Invitation" WHERE "userId" = $1`, [
    userIdOf(byReset.stranger)
  ])
  assert.equal(rows.length, 0)
})

test('UND-02 UND-07 without mandatory verification the same holds', async t => {
  const service = await startApp(t, { ...settings, EMAIL_VERIFICATION: 'optional' })
  const person = newPerson()
  const thief = newClient(service)
  await signUp(thief, person)
  await post(service, await queuedLink(service, person.email))
  const lair = newPerson('lair')
  // A stranger uses an account with the address that somebody else proves now.
  const stranger = newClient(service)
  await signUp(stranger, { ...lair, password: 'a stranger chose this' })
  await move(service, thief, lair.email)
  assert.equal((await readUser(stranger)).statusCode, 401)
  assert.equal((await readUser(thief)).json().email, lair.email)

  assertProblem(await signUp(newClient(service), person), 400, 'email_taken', taken)
  await takeBack(service, person)
  assert.equal((await readUser(thief)).statusCode, 401)
})
