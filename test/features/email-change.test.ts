import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertProblem, withoutTraces } from '../support/expect.js'
import { askReset, open, opened, pathOf, postForm, setNew, startMailing } from '../support/links.js'
import { linkIn } from '../support/mailbox.js'
import {
  type Client,
  newClient,
  newPerson,
  readUser,
  refresh,
  signedIn,
  signIn,
  signUp
} from '../support/people.js'

const mandatory = { EMAIL_VERIFICATION: 'mandatory' }
type Started = Awaited<ReturnType<typeof startMailing>>

/** Somebody whose address is confirmed, and who has just signed in. */
async function confirmed({ service, mailbox }: Started) {
  const person = newPerson()
  await signUp(newClient(service), person)
  await open(newClient(service), await mailbox.linkFor(person.email))
  return { person, client: await signedIn(service, person) }
}

const changeTo = (client: Client, email: string, more: object = {}) =>
  client.send('PATCH', '/user/', { email, ...more })

test('EML-06 the address changes when the new mailbox says so, and both are told', async t => {
  const started = await startMailing(t, mandatory)
  const { service, mailbox } = started
  const { person, client } = await confirmed(started)
  const moved = newPerson('moved')

  const asked = await changeTo(client, moved.email, { first_name: 'Ada' })
  assert.equal(asked.statusCode, 200)
  assert.deepEqual(asked.json(), {
    email: person.email,
    first_name: 'Ada',
    last_name: '',
    pending_email: moved.email
  })
  assert.equal((await readUser(client)).json().pending_email, moved.email)
  assert.match((await mailbox.next(person.email)).text ?? '', /m…@\u2060?example/)
  assert.equal((await signIn(newClient(service), person)).statusCode, 200)

  const link = await mailbox.linkFor(moved.email)
  const page = await open(newClient(service), link)
  assert.equal(page.statusCode, 200)
  assert.equal((await readUser(client)).json().email, person.email)

  const pressed = await postForm(service, pathOf(link), {}, newClient(service))
  assert.equal(pressed.statusCode, 200)
  assert.deepEqual((await readUser(client)).json(), {
    email: moved.email,
    first_name: 'Ada',
    last_name: ''
  })
  assert.equal((await refresh(client)).statusCode, 200)
  assertProblem(await signIn(newClient(service), person), 401, 'incorrect_credentials')
  assert.equal(
    (await signIn(newClient(service), { ...person, email: moved.email })).statusCode,
    200
  )
  assert.match(linkIn(await mailbox.next(person.email)), /\/user\/email\/undo\//)
  assert.equal((await open(newClient(service), link)).statusCode, 400)
})

test('D11 another address asks for a sign-in of the last ten minutes, or for the password', async t => {
  const started = await startMailing(t, mandatory)
  const { client, person } = await confirmed(started)
  await started.service.advance(601)

  assertProblem(await changeTo(client, newPerson().email), 403, 'reauthentication_required')
  assertProblem(
    await changeTo(client, newPerson().email, { password: 'wrong' }),
    400,
    'incorrect_password',
    {
      password: ['The password is not right.']
    }
  )
  assert.equal(
    (await changeTo(client, newPerson().email, { password: person.password })).statusCode,
    200
  )
})

test('EML-12 after the change links of the old address are dead, the address is free, a reset for it does nothing', async t => {
  const started = await startMailing(t, mandatory)
  const { service, mailbox } = started
  const { person, client } = await confirmed(started)
  await askReset(newClient(service), person.email)
  const stale = await mailbox.linkFor(person.email)
  const moved = newPerson('moved')
  await changeTo(client, moved.email)
  await newClient(service).send('POST', pathOf(await mailbox.linkFor(moved.email)))

  assert.equal((await open(newClient(service), stale)).statusCode, 400)
  await askReset(newClient(service), person.email)
  const [row] = await service.query(
    `SELECT "state"::text FROM "Mail" ORDER BY "createdAt" DESC LIMIT 1`
  )
  assert.equal(row?.state, 'dropped')
  assert.equal((await signUp(newClient(service), person)).statusCode, 201)
  assert.match(linkIn(await untilVerification(mailbox, person.email)), /verification/)
})

test('ENU-10 a taken address looks like a free one, and only its holder is told', async t => {
  const started = await startMailing(t, mandatory)
  const { mailbox } = started
  const { person: holder } = await confirmed(started)
  const { client } = await confirmed(started)
  const free = newPerson()

  const taken = withoutTraces(await changeTo(client, holder.email))
  const other = withoutTraces(await changeTo(client, free.email))

  const masked = (answer: typeof taken, email: string) =>
    JSON.stringify(answer).replaceAll(email, 'x')
  assert.equal(masked(taken, holder.email), masked(other, free.email))
  assert.doesNotMatch((await mailbox.next(holder.email)).text ?? '', /user\/email\/confirm/)
  assert.match(linkIn(await mailbox.next(free.email)), /user\/email\/confirm/)
})

test('EML-07 the link confirms the address it was mailed to and no other', async t => {
  const started = await startMailing(t, mandatory)
  const { service, mailbox } = started
  const { client } = await confirmed(started)
  const own = newPerson('own')
  const victim = newPerson('victim')

  const both = await Promise.all([changeTo(client, own.email), changeTo(client, victim.email)])
  for (const { statusCode } of both) assert.equal(statusCode, 200)
  const mailed = await service.query(
    `SELECT "address" FROM "Link" WHERE "purpose" = 'email_change' AND "supersededAt" IS NULL`
  )
  assert.equal(mailed.length, 1)
  // Whichever came last is the one that counts; the other's link is dead, sent or not.
  const last = String(mailed[0]?.address)
  const answer = await newClient(service).send('POST', pathOf(await mailbox.linkFor(last)))
  assert.equal(answer.statusCode, 200)
  assert.equal((await readUser(client)).json().email, last)
})

test('the old mailbox takes the change back, whatever a thief did meanwhile', async t => {
  const started = await startMailing(t, mandatory)
  const { service, mailbox } = started
  const { person, client: thief } = await confirmed(started)
  const lair = newPerson('lair')
  await changeTo(thief, lair.email)
  await mailbox.next(person.email)
  await newClient(service).send('POST', pathOf(await mailbox.linkFor(lair.email)))
  const undo = await mailbox.linkFor(person.email)
  await thief.send('POST', '/password/change/', {
    old_password: person.password,
    new_password1: 'mine now, all of it',
    new_password2: 'mine now, all of it'
  })

  const browser = await opened(service, undo)
  const pressed = await postForm(service, pathOf(undo), {}, browser)
  assert.equal(pressed.statusCode, 303)
  assert.equal(pressed.headers.location, '/password/reset/default/')
  const [, cookie = ''] =
    /password_reset_access_token=([^;]+)/.exec(String(pressed.headers['set-cookie'])) ?? []
  browser.cookies.set('password_reset_access_token', cookie)

  assert.equal((await refresh(thief)).statusCode, 401)
  assertProblem(
    await signIn(newClient(service), { email: person.email, password: person.password }),
    401,
    'incorrect_credentials'
  )
  assert.equal((await setNew(browser, 'mine again, all of it')).statusCode, 200)
  assert.equal(
    (await signIn(newClient(service), { email: person.email, password: 'mine again, all of it' }))
      .statusCode,
    200
  )
  assertProblem(
    await signIn(newClient(service), { email: lair.email, password: 'mine now, all of it' }),
    401,
    'incorrect_credentials'
  )
  assert.equal((await open(newClient(service), undo)).statusCode, 400)
})

test('the undo runs out after 72 hours', async t => {
  const started = await startMailing(t, mandatory)
  const { service, mailbox } = started
  const { person, client } = await confirmed(started)
  const moved = newPerson('moved')
  await changeTo(client, moved.email)
  await mailbox.next(person.email)
  await newClient(service).send('POST', pathOf(await mailbox.linkFor(moved.email)))
  const undo = await mailbox.linkFor(person.email)

  await service.advance(72 * 3600 - 60)
  assert.equal((await open(newClient(service), undo)).statusCode, 200)
  await service.advance(120)
  assert.equal((await open(newClient(service), undo)).statusCode, 400)
})

test('EML-09 without verification the change is made at once, after the same proof, and the old mailbox is told', async t => {
  const { service, mailbox } = await startMailing(t)
  const person = newPerson()
  const client = newClient(service)
  await signUp(client, person)
  await service.advance(601)
  const moved = newPerson('moved')

  assertProblem(await changeTo(client, moved.email), 403, 'reauthentication_required')
  const answer = await changeTo(client, moved.email, { password: person.password })

  assert.deepEqual(answer.json(), { email: moved.email, first_name: '', last_name: '' })
  assert.match(linkIn(await mailbox.next(person.email)), /\/user\/email\/undo\//)
})

test('an unproven mailbox is told nothing and gets no way back', async t => {
  const { service, mailbox } = await startMailing(t, { EMAIL_VERIFICATION: 'optional' })
  const typo = newPerson('typo')
  const client = newClient(service)
  await signUp(client, typo)
  await mailbox.next(typo.email)
  const right = newPerson('right')
  await changeTo(client, right.email)
  await newClient(service).send('POST', pathOf(await mailbox.linkFor(right.email)))

  assert.equal((await readUser(client)).json().email, right.email)
  const rows = await service.query(
    `SELECT 1 FROM "Mail" WHERE "recipient" = $1 AND "template" LIKE 'email-change%'`,
    [typo.email]
  )
  assert.equal(rows.length, 0)
})

/** The next mail to an address that is about a sign-up. */
async function untilVerification(mailbox: Started['mailbox'], email: string) {
  for (;;) {
    const mail = await mailbox.next(email)
    if (/\/registration\/verification\//.test(mail.text ?? '')) return mail
  }
}
