import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startAppOn } from '../support/app.js'
import { assertProblem, withoutTraces } from '../support/expect.js'
import { enrol } from '../support/factor.js'
import { askReset, open, opened, pathOf, postForm, setNew, startMailing } from '../support/links.js'
import { codeIn, linkIn } from '../support/mailbox.js'
import {
  claimsOf,
  newClient,
  newMember,
  newPerson,
  presentAccess,
  refresh,
  setCookies,
  signIn,
  signUp
} from '../support/people.js'
import { atOnce } from '../support/until.js'

const mandatory = { EMAIL_VERIFICATION: 'mandatory' }
const resend = '/registration/verification/resend/'
const byCode = '/registration/verification/code/'

test('from sign-up to signed in, through the mailbox', async t => {
  const { service, mailbox } = await startMailing(t, mandatory)
  const person = newPerson()

  const answer = await signUp(newClient(service), person)
  assert.equal(answer.statusCode, 201)
  assert.deepEqual(answer.json(), { email: person.email, detail: 'Verification email sent.' })
  assert.equal(answer.headers['set-cookie'], undefined)

  assertProblem(await signIn(newClient(service), person), 401, 'email_not_verified')
  // ENU-03: only to who knows the password.
  assertProblem(
    await signIn(newClient(service), { ...person, password: 'wrong' }),
    401,
    'incorrect_credentials'
  )

  const link = await mailbox.linkFor(person.email)
  for (let visit = 0; visit < 3; visit++) {
    const followed = await open(newClient(service), link)
    assert.equal(followed.statusCode, 302)
    assert.equal(followed.headers.location, '/registration/verified/')
    assert.equal(followed.headers['set-cookie'], undefined)
  }
  const page = await newClient(service).send('GET', '/registration/verified/')
  assert.equal(page.statusCode, 200)

  const client = newClient(service)
  assert.equal((await signIn(client, person)).statusCode, 200)
  assert.equal(claimsOf(client.access as string).email_verified, true)
})

test('optional verification signs in at once and says in the token what was confirmed', async t => {
  const { service, mailbox } = await startMailing(t, { EMAIL_VERIFICATION: 'optional' })
  const { person, client } = await newMember(service)
  assert.equal(claimsOf(client.access as string).email_verified, false)

  await open(newClient(service), await mailbox.linkFor(person.email))
  await refresh(client)

  assert.equal(claimsOf(client.access as string).email_verified, true)
  assertProblem(await signUp(newClient(service), person), 400, 'email_taken', {
    email: ['A user is already registered with this email address.']
  })
})

test('without verification its routes are absent', async t => {
  const { service } = await startMailing(t)
  const link = `/registration/verification/${'x'.repeat(43)}/`
  for (const [method, path] of [
    ['GET', link],
    ['HEAD', link],
    ['POST', link],
    ['GET', '/registration/verification/'],
    ['GET', '/registration/verified/'],
    ['GET', '/registration/set-password/default/'],
    ['POST', '/registration/set-password/']
  ] as const)
    assert.equal((await newClient(service).send(method, path)).statusCode, 404, `${method} ${path}`)
  for (const path of [resend, byCode]) {
    assertProblem(
      await newClient(service).send('POST', path, { email: 'a@example.com' }),
      404,
      'not_found'
    )
  }
  assertProblem(
    await newClient(service).send('GET', '/registration/account_email_verification_sent/'),
    404,
    'not_found'
  )
})

test('the code of the mail does what the link does', async t => {
  const { service, mailbox } = await startMailing(t, mandatory)
  const person = newPerson()
  await signUp(newClient(service), person)
  const code = codeIn(await mailbox.next(person.email))

  assertProblem(
    await newClient(service).send('POST', byCode, { email: person.email, code: 'AAAA-AAAA' }),
    400,
    'invalid_code',
    {
      code: ['This code is not right.']
    }
  )
  assertProblem(
    await newClient(service).send('POST', byCode, { email: newPerson().email, code }),
    400,
    'invalid_code',
    {
      code: ['This code is not right.']
    }
  )
  const answer = await newClient(service).send('POST', byCode, {
    email: person.email.toUpperCase(),
    code: code.toLowerCase()
  })
  assert.deepEqual(answer.json(), { detail: 'The address is confirmed.' })
  assert.equal((await signIn(newClient(service), person)).statusCode, 200)
})

test('LNK-03 a scanner’s HEAD and a prefetch confirm nothing', async t => {
  const { service, mailbox } = await startMailing(t, mandatory)
  const person = newPerson()
  await signUp(newClient(service), person)
  const path = pathOf(await mailbox.linkFor(person.email))

  assert.equal((await newClient(service).send('HEAD', path)).statusCode, 204)
  assert.equal(
    (await newClient(service).send('GET', path, undefined, { 'sec-purpose': 'prefetch' }))
      .statusCode,
    204
  )

  assertProblem(await signIn(newClient(service), person), 401, 'email_not_verified')
})

test('with the button a visit confirms nothing, and the button does', async t => {
  const { service, mailbox } = await startMailing(t, {
    ...mandatory,
    EMAIL_VERIFICATION_CONFIRM_BUTTON: 'true'
  })
  const button = '/registration/verification/'
  const person = newPerson()
  await signUp(newClient(service), person)
  const link = await mailbox.linkFor(person.email)

  const browser = newClient(service)
  const opening = await open(browser, link)
  assert.deepEqual([opening.statusCode, opening.headers.location], [302, button])
  const page = await browser.send('GET', button, undefined, { accept: 'text/html' })
  assert.match(page.body, /<button/)
  assertProblem(await signIn(newClient(service), person), 401, 'email_not_verified')

  assert.equal((await postForm(service, button, {}, newClient(service))).statusCode, 400)
  for (const pressed of await atOnce(2, () => postForm(service, button, {}, browser)))
    assert.deepEqual(
      [pressed.statusCode, pressed.headers.location],
      [303, '/registration/verified/']
    )
  assert.equal((await open(newClient(service), link)).statusCode, 302)
  assert.equal((await signIn(newClient(service), person)).statusCode, 200)
})

test('ENU-04 a free and a taken address are answered alike to the byte, and the owner is told', async t => {
  const { service, mailbox } = await startMailing(t, mandatory)
  const owner = newPerson()
  await signUp(newClient(service), owner)
  await open(newClient(service), await mailbox.linkFor(owner.email))
  const free = newPerson()

  const taken = withoutTraces(
    await signUp(newClient(service), { ...owner, password: 'somebody else’s hat' })
  )
  const fresh = withoutTraces(await signUp(newClient(service), free))

  const masked = (answer: typeof taken, email: string) =>
    JSON.stringify(answer).replaceAll(email, 'x')
  assert.equal(masked(taken, owner.email), masked(fresh, free.email))
  const notice = await mailbox.next(owner.email)
  assert.doesNotMatch(notice.text ?? '', /verification/)
  assert.match(notice.text ?? '', /\/password\/reset\//)
  assert.equal((await signIn(newClient(service), owner)).statusCode, 200)
})

test('a deployer may choose to tell that an address is taken', async t => {
  const { service, mailbox } = await startMailing(t, {
    ...mandatory,
    ACCOUNT_PREVENT_ENUMERATION: 'false'
  })
  const owner = newPerson()
  await signUp(newClient(service), owner)
  await open(newClient(service), await mailbox.linkFor(owner.email))

  const answer = await signUp(newClient(service), owner)

  assertProblem(answer, 400, 'email_taken', {
    email: ['A user is already registered with this email address.']
  })
})

test('EML-11 a sign-up that is refused leaves the first link as it was', async t => {
  const { service, mailbox } = await startMailing(t, mandatory)
  const person = newPerson()
  await signUp(newClient(service), person)
  const link = await mailbox.linkFor(person.email)

  assert.equal((await signUp(newClient(service), { ...person, password: 'short' })).statusCode, 400)

  assert.equal((await open(newClient(service), link)).statusCode, 302)
})

test('EML-11 an account that was used is not touched by a second sign-up', async t => {
  const { service } = await startMailing(t, mandatory)
  const person = newPerson()
  await signUp(newClient(service), person)
  // As if it had been used while verification was optional.
  await service.query(`UPDATE "User" SET "lastLoginAt" = now() WHERE "email" = $1`, [person.email])
  const links = await service.query(`SELECT "id" FROM "Link"`)

  assert.equal(
    (await signUp(newClient(service), { ...person, password: 'a later hat' })).statusCode,
    201
  )

  assert.deepEqual(await service.query(`SELECT "id" FROM "Link"`), links)
})

test('another mail can be asked for, and makes the ones before it useless', async t => {
  const { service, mailbox } = await startMailing(t, mandatory)
  const person = newPerson()
  await signUp(newClient(service), person)
  const first = await mailbox.linkFor(person.email)

  const answer = await newClient(service).send('POST', resend, { email: person.email })
  assert.deepEqual(answer.json(), { detail: 'Verification email sent.' })
  const unknown = await newClient(service).send('POST', resend, { email: newPerson().email })
  assert.deepEqual(withoutTraces(unknown), withoutTraces(answer))

  const second = await mailbox.linkFor(person.email)
  assert.equal((await open(newClient(service), first)).statusCode, 400)
  assert.equal((await open(newClient(service), second)).statusCode, 302)
  assert.equal((await signIn(newClient(service), person)).statusCode, 200)
})

test('LNK-06 a link runs out, and its page offers another mail', async t => {
  const { service, mailbox } = await startMailing(t, {
    ...mandatory,
    ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS: '1'
  })
  const person = newPerson()
  await signUp(newClient(service), person)
  const link = await mailbox.linkFor(person.email)
  await service.advance(86_401)

  const page = await open(newClient(service), link)

  assert.equal(page.statusCode, 400)
  assert.match(page.body, /action="\/registration\/verification\/resend\/"/)
  const shown = await postForm(service, resend, { email: person.email }, newClient(service))
  assert.equal(shown.statusCode, 200)
  assert.equal(
    (await open(newClient(service), await mailbox.linkFor(person.email))).statusCode,
    302
  )
})

test('LNK-14 the first confirmation signs in by cookie where that is configured, and only the first', async t => {
  const { service, mailbox } = await startMailing(t, {
    ...mandatory,
    JWT_ALLAUTH_SESSION_ON_EMAIL_VERIFICATION: 'true',
    EMAIL_VERIFIED_REDIRECT: 'https://app.example/welcome'
  })
  const person = newPerson()
  await signUp(newClient(service), person)
  const link = await mailbox.linkFor(person.email)
  const browser = newClient(service)

  const followed = await open(browser, link)
  assert.equal(followed.headers.location, 'https://app.example/welcome')
  assert.ok(setCookies(followed).get('refresh_token'))
  assert.equal((await refresh(browser)).statusCode, 200)
  assert.equal((await presentAccess(service, browser.access as string)).statusCode, 200)

  const again = await open(newClient(service), link)
  assert.equal(setCookies(again).get('refresh_token'), undefined)
  assertProblem(await newClient(service).send('GET', '/registration/verified/'), 404, 'not_found')
})

test('LNK-14 a disabled account is neither confirmed nor signed in', async t => {
  const { service, mailbox } = await startMailing(t, {
    ...mandatory,
    JWT_ALLAUTH_SESSION_ON_EMAIL_VERIFICATION: 'true'
  })
  const person = newPerson()
  await signUp(newClient(service), person)
  const link = await mailbox.linkFor(person.email)
  await service.query(`UPDATE "User" SET "isActive" = false`)

  const followed = await open(newClient(service), link)

  assert.equal(followed.statusCode, 400)
  assert.equal(setCookies(followed).get('refresh_token'), undefined)
})

test('BRF-11 a flood of sign-ups with one address mails it no more than its budget', async t => {
  const { service, mailbox } = await startMailing(t, { ...mandatory, MAILS_PER_ADDRESS: '3/hour' })
  const person = newPerson()

  for (let n = 0; n < 8; n++)
    assert.equal((await signUp(newClient(service), person)).statusCode, 201)

  await mailbox.count(3, person.email)
  const [{ count } = { count: 0 }] = await service.query<{ count: number }>(
    `SELECT count(*)::int4 AS count FROM "Mail" WHERE "state" <> 'dropped'`
  )
  assert.equal(count, 3)
})

test('PAG-06 EML-03 a name that a stranger typed is in no mail, and breaks no header', async t => {
  const { service, mailbox } = await startMailing(t, mandatory)
  const person = newPerson()
  const evil = await newClient(service).send('POST', '/registration/', {
    email: person.email,
    password1: person.password,
    password2: person.password,
    first_name: 'x\r\nBcc: evil@example.com'
  })
  assert.equal(evil.statusCode, 400)
  await newClient(service).send('POST', '/registration/', {
    email: person.email,
    password1: person.password,
    password2: person.password,
    first_name: 'visit evil.example'
  })

  const mail = await mailbox.next(person.email)

  assert.deepEqual(mail.recipients, [person.email])
  assert.doesNotMatch(`${mail.subject}${mail.text}${mail.html}`, /evil/)
  assert.match(linkIn(mail), /^http:\/\/localhost:3000\/registration\/verification\//)
})

test('the mail is in the language of whoever signed up', async t => {
  const { service, mailbox } = await startMailing(t, mandatory)
  const person = newPerson()
  const german = newClient(service, { headers: { 'accept-language': 'de-AT, en;q=0.5' } })

  const answer = await signUp(german, person)
  const mail = await mailbox.next(person.email)

  assert.equal(answer.headers['content-language'], 'de')
  assert.match(mail.text ?? '', /bestätig/i)
})

test('BRF-04 whoever tries the right password until the mail has come is no guesser', async t => {
  const { service, mailbox } = await startMailing(t, {
    ...mandatory,
    LOGIN_FAILURES_PER_PAIR: '3/5m'
  })
  const person = newPerson()
  await signUp(newClient(service), person)
  for (let attempt = 0; attempt < 5; attempt++)
    assertProblem(await signIn(newClient(service), person), 401, 'email_not_verified')
  await open(newClient(service), await mailbox.linkFor(person.email))
  assert.equal((await signIn(newClient(service), person)).statusCode, 200)
})

test('where confirmation becomes mandatory, nobody unconfirmed is signed in any more, and the link still works', async t => {
  const { service, mailbox } = await startMailing(t, { EMAIL_VERIFICATION: 'optional' })
  const person = newPerson()
  const client = newClient(service)
  await signUp(client, person)
  const strict = await startAppOn(t, service.databaseUrl, { ...mailbox.settings, ...mandatory })
  assert.equal((await presentAccess(service, client.access ?? '')).statusCode, 200)
  assertProblem(await presentAccess(strict, client.access ?? ''), 401, 'token_not_valid')
  const body = { refresh: client.refreshToken ?? '' }
  const refreshed = await newClient(strict).send('POST', '/refresh/', body)
  assertProblem(refreshed, 401, 'email_not_verified')
  await open(newClient(strict), await mailbox.linkFor(person.email))
  assert.equal((await signIn(newClient(strict), person)).statusCode, 200)
})

test('LOG-01 a reset that proves the mailbox writes down whose second factor went with it', async t => {
  const { service, mailbox } = await startMailing(t, {
    EMAIL_VERIFICATION: 'optional',
    JWT_ALLAUTH_MFA_TOTP_MODE: 'optional'
  })
  const { client, person } = await newMember(service)
  await enrol(service, client)
  await mailbox.next(person.email)
  await askReset(newClient(service), person.email)
  await setNew(await opened(service, await mailbox.linkFor(person.email)), 'another gigantic hat')
  const events = await service.query<{ event: string }>(
    'SELECT "event" FROM "AuditEvent" ORDER BY "id"'
  )
  const names = events.map(({ event }) => event)
  for (const event of ['email.verified', 'mfa.disabled', 'password.reset'])
    assert.equal(names.filter(name => name === event).length, 1, event)
})
