import assert from 'node:assert/strict'
import test from 'node:test'
import { examineOutbox } from '../../src/operator/doctor/rows.js'
import type { TestApp } from '../support/app.js'
import { askReset, generous, setNew, startMailing } from '../support/links.js'
import {
  changePassword,
  newClient,
  newMember,
  newPerson,
  signIn,
  signUp
} from '../support/people.js'
import { statementsOf } from '../support/statements.js'

const anywhere = (n: number) => ({ address: `198.51.100.${n + 1}` })

/** How many mails of each template are for an address. */
async function mailsTo(service: TestApp, email: string): Promise<Record<string, number>> {
  const rows = await service.query<{ template: string; count: number }>(
    `SELECT "template", count(*)::int4 AS count FROM "Mail" WHERE "recipient" = $1 GROUP BY 1`,
    [email]
  )
  return Object.fromEntries(rows.map(({ template, count }) => [template, count]))
}

test('BRF-17 each kind of mail has its own budget: sign-ups leave the reset alone', async t => {
  const { service } = await startMailing(t, {
    EMAIL_VERIFICATION: 'mandatory',
    MAILS_PER_ADDRESS: '3/hour'
  })
  const person = newPerson()
  for (let n = 0; n < 6; n++)
    assert.equal((await signUp(newClient(service, anywhere(n)), person)).statusCode, 201)
  const resend = (n: number) =>
    newClient(service, anywhere(n)).send('POST', '/registration/verification/resend/', {
      email: person.email
    })
  for (let n = 0; n < 6; n++) await resend(n)
  for (let n = 0; n < 6; n++) await askReset(newClient(service, anywhere(n)), person.email)
  assert.deepEqual(await mailsTo(service, person.email), {
    'email-verification': 3 + 3,
    'password-reset': 3
  })
  // Two thirds of an hour bring two mails of each kind back, and no more.
  await service.advance(2400)
  for (let n = 0; n < 6; n++) await askReset(newClient(service, anywhere(n)), person.email)
  assert.equal((await mailsTo(service, person.email))['password-reset'], 3 + 2)
})

test('BRF-17 whoever asks no faster than the budget refills gets every mail', async t => {
  const { service } = await startMailing(t, { MAILS_PER_ADDRESS: '4/hour' })
  const { person } = await newMember(service)
  for (let n = 0; n < 12; n++) {
    await askReset(newClient(service), person.email)
    await service.advance(900)
  }
  assert.equal((await mailsTo(service, person.email))['password-reset'], 12)
})

test('BRF-17 what queues no mail takes nothing from the mails of everybody', async t => {
  const { service } = await startMailing(t, {
    EMAIL_VERIFICATION: 'optional',
    MAILS_OVER_ALL: '10/hour'
  })
  const { person, client } = await newMember(service) // takes one
  for (let n = 0; n < 25; n++) {
    await askReset(newClient(service, anywhere(n)), newPerson().email)
    await newClient(service, anywhere(n)).send('POST', '/registration/verification/resend/', {
      email: newPerson().email
    })
    assert.equal((await signUp(newClient(service, anywhere(n)), person)).statusCode, 400)
  }
  const wrong = { email: newPerson().email, password: 'not this one' }
  for (let n = 0; n < 3; n++) await client.send('PATCH', '/user/', wrong)
  assert.ok(!service.logs.join('').includes('mail.budget'))
  for (let n = 0; n < 9; n++) {
    const other = newPerson()
    assert.equal((await signUp(newClient(service, anywhere(n)), other)).statusCode, 201)
    assert.deepEqual(await mailsTo(service, other.email), { 'email-verification': 1 })
  }
  await askReset(newClient(service), person.email)
  assert.deepEqual(await mailsTo(service, person.email), { 'email-verification': 1 })
})

test('BRF-18 log and doctor warn when four fifths of all mails are used, and when they are spent', async t => {
  const { service } = await startMailing(t, { MAILS_OVER_ALL: '10/hour' })
  const told = () => service.logs.filter(line => line.includes('"mail.budget"')).length
  const found = async () =>
    (await examineOutbox(service.app.deps)).map(({ level, message }) => `${level} ${message}`)
  const { person } = await newMember(service)
  const ask = () => askReset(newClient(service), person.email)

  for (let n = 0; n < 7; n++) await ask()
  assert.equal(told(), 0)
  assert.doesNotMatch((await found()).join(), /MAILS_OVER_ALL/)
  for (let n = 0; n < 2; n++) await ask()
  assert.equal(told(), 1)
  assert.match((await found()).join(), /warn MAILS_OVER_ALL is used to 8\d %/)
  await ask()
  await ask()
  assert.equal(told(), 2)
  assert.match((await found()).join(), /warn MAILS_OVER_ALL is spent/)
  await service.advance(3600)
  assert.doesNotMatch((await found()).join(), /MAILS_OVER_ALL/)
})

test('BRF-19 forty changes of address are told in five mails and one that says how many; the real warning comes at once', async t => {
  const { service, mailbox } = await startMailing(t, {
    ...generous,
    EMAIL_VERIFICATION: 'optional',
    MAILS_PER_ADDRESS: '5/hour'
  })
  const { person, client } = await newMember(service)
  await service.query(`UPDATE "User" SET "emailVerifiedAt" = now()`)
  for (let n = 0; n < 40; n++) {
    const answer = await client.send('PATCH', '/user/', { email: newPerson('eve').email })
    assert.equal(answer.statusCode, 200)
  }
  assert.equal((await mailsTo(service, person.email))['email-change-requested'], 6)
  assert.equal((await changePassword(client, person, 'enormous violet gown')).statusCode, 200)
  const received = () => mailbox.received.filter(mail => mail.recipients.includes(person.email))
  await mailbox.count(1 + 5 + 1, person.email)
  const subjects = () => received().filter(({ subject }) => /about to change/.test(subject ?? ''))
  assert.equal(subjects().length, 5)
  assert.equal(received().filter(({ subject }) => /was changed/.test(subject ?? '')).length, 1)
  const waiting = await service.query(
    `SELECT "params", "nextAttemptAt" > now() + interval '10 minutes' AS later FROM "Mail"
    WHERE "params" ? 'times'`
  )
  assert.deepEqual(
    waiting.map(({ params, later }) => [params.times, later]),
    [[35, true]]
  )
  await service.advance(720)
  await mailbox.count(1 + 5 + 1 + 1, person.email)
  assert.equal(subjects().length, 6)
  assert.match(subjects().at(-1)?.text ?? '', /since the last email about them: 35/)
})

test('BRF-19 a person who moves to and fro is told in five mails with a link and one that counts', async t => {
  const { service, mailbox } = await startMailing(t, {
    ...generous,
    EMAIL_VERIFICATION: 'none',
    MAILS_PER_ADDRESS: '5/hour'
  })
  const { person, client: thief } = await newMember(service)
  const lair = newPerson('lair')
  const move = async (email: string) =>
    assert.equal((await thief.send('PATCH', '/user/', { email })).statusCode, 200)
  for (let n = 0; n < 9; n++) {
    await move(lair.email)
    await move(person.email)
  }
  await move(lair.email)
  const told = await service.query<{ linked: boolean; times: number | null }>(
    `SELECT "linkId" IS NOT NULL AS linked, ("params"->>'times')::int4 AS times FROM "Mail"
    WHERE "recipient" = $1 AND "template" = 'email-changed' ORDER BY "createdAt", "id"`,
    [person.email]
  )
  assert.deepEqual(told, [
    ...Array.from({ length: 5 }, () => ({ linked: true, times: null })),
    { linked: false, times: 5 }
  ])

  // The owner takes the account back, and the thief moves it again: this link is the only one.
  const nextLink = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const { text = '' } = await mailbox.next(person.email)
      const link = /https?:\S+/g.exec(text)?.[0]
      if (link && pattern.test(link)) return link
    }
  }
  const undo = (link: string) => newClient(service).send('POST', new URL(link).pathname, {})
  const used = await nextLink(/email\/undo/)
  await mailbox.count(5, person.email)
  assert.equal((await undo(used)).statusCode, 200)
  await askReset(newClient(service), person.email)
  const reset = newClient(service)
  await reset.send('GET', await nextLink(/password\/reset\/confirm/))
  await setNew(reset, 'a thief reads along')
  const again = newClient(service)
  await signIn(again, { email: person.email, password: 'a thief reads along' })
  const moved = await again.send('PATCH', '/user/', { email: newPerson('den').email })
  assert.equal(moved.statusCode, 200)
  const only = await nextLink(/email\/undo/)
  assert.notEqual(only, used)
  assert.equal((await undo(only)).statusCode, 200)
})

test('ENU-07 a spent budget of an address does the same work whether it has an account', async t => {
  const { service } = await startMailing(t, { MAILS_PER_ADDRESS: '2/hour' })
  const { person } = await newMember(service)
  const unknown = newPerson()
  const ask = ({ email }: { email: string }) => askReset(newClient(service), email)
  for (let n = 0; n < 2; n++) for (const who of [person, unknown]) await ask(who)
  const namesOf = async (who: { email: string }) =>
    (await statementsOf(() => ask(who))).map(({ name }) => name)
  const known = await namesOf(person)
  assert.ok(known.includes('send-link-password_reset'), known.join())
  assert.deepEqual(known, await namesOf(unknown))
  assert.equal((await mailsTo(service, person.email))['password-reset'], 2)
})

test('BRF-17 a refused sign-up gives its mail back, also where a second factor is required', async t => {
  const { service } = await startMailing(t, {
    EMAIL_VERIFICATION: 'mandatory',
    ACCOUNT_PREVENT_ENUMERATION: 'false',
    JWT_ALLAUTH_MFA_TOTP_MODE: 'required',
    MAILS_OVER_ALL: '4/hour'
  })
  const person = newPerson()
  await signUp(newClient(service), person)
  await service.query(`UPDATE "User" SET "emailVerifiedAt" = now()`)
  for (let n = 0; n < 6; n++)
    assert.equal((await signUp(newClient(service, anywhere(n)), person)).statusCode, 400)
  await askReset(newClient(service), person.email)
  assert.equal((await mailsTo(service, person.email))['password-reset'], 1)
})
