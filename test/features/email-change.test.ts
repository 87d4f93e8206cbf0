import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertProblem, withoutTraces } from '../support/expect.js'
import { askReset, open, opened, pathOf, postForm, setNew, startMailing } from '../support/links.js'
import { linkIn } from '../support/mailbox.js'
import {
  type Answer,
  type Client,
  newClient,
  newPerson,
  profileIn,
  readUser,
  refresh,
  setCookies,
  signedIn,
  signIn,
  signUp
} from '../support/people.js'
import { atOnce } from '../support/until.js'

const mandatory = { EMAIL_VERIFICATION: 'mandatory' }
type Started = Awaited<ReturnType<typeof startMailing>>

/** Somebody whose address is confirmed, and who has just signed in. */
async function confirmed({ service, mailbox }: Started) {
  const person = newPerson()
  await signUp(newClient(service), person)
  await open(newClient(service), await mailbox.linkFor(person.email))
  return { person, client: await signedIn(service, person) }
}

const html = { accept: 'text/html' }
const button = '/user/email/confirm/'

/** To a page whose address says nothing of the link (LNK-12). */
function assertLeadsTo({ statusCode, headers }: Answer, status: number, location: string) {
  assert.deepEqual([statusCode, headers.location], [status, location])
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
  assert.deepEqual(profileIn(asked), {
    email: person.email,
    first_name: 'Ada',
    last_name: '',
    pending_email: moved.email
  })
  assert.equal((await readUser(client)).json().pending_email, moved.email)
  assert.match((await mailbox.next(person.email)).text ?? '', /m…@\u2060?example/)
  assert.equal((await signIn(newClient(service), person)).statusCode, 200)

  const link = await mailbox.linkFor(moved.email)
  const browser = newClient(service)
  assertLeadsTo(await open(browser, link), 302, button)
  const page = () => browser.send('GET', button, undefined, html)
  assert.match((await page()).body, /<form method="post">/)
  assert.equal((await readUser(client)).json().email, person.email)

  assert.equal((await postForm(service, button, {}, newClient(service))).statusCode, 400)
  const foreign = { origin: 'https://evil.example' }
  assert.equal((await postForm(service, button, {}, browser, foreign)).statusCode, 403)
  // A double click, and the page that follows loaded again (PAG-05).
  const clicks = await atOnce(2, () => postForm(service, button, {}, browser))
  for (const pressed of clicks) assertLeadsTo(pressed, 303, button)
  for (let visit = 0; visit < 2; visit++) assert.match((await page()).body, /Address changed/)
  assert.deepEqual(profileIn(await readUser(client)), {
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
  // A program whose answer was lost repeats the request.
  const program = await newClient(service).send('POST', pathOf(link), {})
  assert.equal(program.json().detail, 'The address was changed.')
})

test('EML-06 another address asks for a sign-in of the last ten minutes, or for the password', async t => {
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

test('EML-12 after the change links of the old address are dead, and a reset for it does nothing', async t => {
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

test('EML-13 an account that never proved its address yields to who proves the mailbox', async t => {
  const started = await startMailing(t, { EMAIL_VERIFICATION: 'optional' })
  const { service, mailbox } = started
  const { client: owner } = await confirmed(started)
  const wanted = { ...newPerson('wanted'), password: 'a squatter’s own hat' }
  const squatter = newClient(service)
  assert.equal((await signUp(squatter, wanted)).statusCode, 201)
  const squattersLink = await mailbox.linkFor(wanted.email)

  const asked = await changeTo(owner, wanted.email)
  assert.equal(asked.statusCode, 200)
  assert.equal((await readUser(squatter)).statusCode, 200, 'until the mailbox is proved')
  const link = pathOf(await mailbox.linkFor(wanted.email))
  assert.equal((await newClient(service).send('POST', link)).statusCode, 200)

  assert.equal((await readUser(owner)).json().email, wanted.email)
  assert.equal((await readUser(squatter)).statusCode, 401)
  assert.equal((await refresh(squatter)).statusCode, 401)
  assertProblem(await signIn(newClient(service), wanted), 401, 'incorrect_credentials')
  assert.equal((await open(newClient(service), squattersLink)).statusCode, 400)
  const mails = await service.query(
    `SELECT 1 FROM "Mail" WHERE "recipient" = $1 AND "template" = 'email-verification'`,
    [wanted.email]
  )
  assert.deepEqual(mails, [])

  // A proven account does not, nor one that an operator has disabled.
  const { client: other } = await confirmed(started)
  const disabled = newPerson('disabled')
  await signUp(newClient(service), disabled)
  const later = newPerson('later')
  await changeTo(other, later.email)
  const lateLink = pathOf(await mailbox.linkFor(later.email))
  await signUp(newClient(service), later)
  await service.query('UPDATE "User" SET "isActive" = false WHERE "email" = ANY ($1)', [
    [later.email, disabled.email]
  ])
  const taken = await newClient(service).send('POST', lateLink)
  assert.equal(taken.statusCode, 400)
  assert.equal(taken.json().code, 'email_taken')
  await changeTo(other, disabled.email)
  await mailbox.next(disabled.email)
  const links = mailbox.received
    .filter(mail => mail.recipients.includes(disabled.email))
    .map(({ text = '' }) => /email\/confirm/.test(text))
  assert.ok(!links.includes(true))
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
  const again = await opened(service, undo)
  const pressed = await postForm(service, '/user/email/undo/', {}, browser)
  assertLeadsTo(pressed, 303, '/password/reset/default/')
  const second = await postForm(service, '/user/email/undo/', {}, again)
  assertLeadsTo(second, 303, '/password/reset/default/')
  assert.equal(setCookies(second).size, 1, 'a browser may have dropped the first answer')
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
  assertProblem(await newClient(service).send('POST', pathOf(undo), {}), 400, 'link_invalid')
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
  const browser = newClient(service)
  assertLeadsTo(await open(browser, undo), 302, '/user/email/undo/')
  const page = () => browser.send('GET', '/user/email/undo/', undefined, html)
  assert.match((await page()).body, /<form method="post">/)
  await service.advance(120)
  assert.equal((await page()).statusCode, 400)
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

  assert.deepEqual(profileIn(answer), { email: moved.email, first_name: '', last_name: '' })
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
