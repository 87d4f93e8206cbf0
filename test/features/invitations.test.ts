import assert from 'node:assert/strict'
import { test } from 'node:test'
import { disableUser, enableUser, logoutAll } from '../../src/operator/accounts.js'
import { startApp, startAppOn, type TestApp } from '../support/app.js'
import { operationsOf } from '../support/document.js'
import { assertAbout, assertProblem, cookieOf } from '../support/expect.js'
import { enrol } from '../support/factor.js'
import { generous } from '../support/links.js'
import { linkIn, type Mailbox, openMailbox } from '../support/mailbox.js'
import {
  claimsOf,
  newClient,
  newMember,
  newPerson,
  readUser,
  refreshCookie,
  setCookies,
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
  postForm,
  sendInvitation,
  setPassword,
  userIdOf
} from '../support/team.js'

const password = 'gigantic purple hat'
const cookieName = 'set_password_access_token'
const roles = { ROLES: 'editor:300' }

type Settings = Readonly<Record<string, string>>

/** A service that people may invite to, its mailbox, and somebody of the staff. */
async function startTeam(t: Parameters<typeof startApp>[0], settings: Settings = {}) {
  const mailbox = await openMailbox(t)
  const own = { ...inviting, ...roles, ...generous, ...mailbox.settings, ...settings }
  const service = await startApp(t, own)
  const staff = await newMemberAs(service, 'staff')
  return { service, mailbox, ...staff }
}

/** Whether a link still does what an invitation does. */
async function isOpen(service: TestApp, link: string): Promise<boolean> {
  const { answer } = await openLink(service, link)
  return setCookies(answer).has(cookieName)
}

const html = { accept: 'text/html' }
const accountOf = async ({ query }: TestApp, email: string) =>
  (await query('SELECT * FROM "User" WHERE "email" = $1', [email]))[0] ?? null

test('without the setting nobody can invite, and an operator’s invitation works all the same', async t => {
  const service = await startApp(t)
  const { client } = await newMemberAs(service, 'superuser')
  for (const [method, url] of [
    ['POST', '/registration/user-register/'],
    ['GET', '/invitations/']
  ] as const)
    assertProblem(
      await client.send(method, url, method === 'POST' ? {} : undefined),
      404,
      'not_found'
    )

  const person = newPerson('grace')
  const link = await inviteByOperator(service, person.email, 'staff')
  const grace = await accept(service, link, password)
  assert.equal(claimsOf(grace.access ?? '').role_name, 'staff')
})

test('from an invitation by mail to a member of the team', async t => {
  const { service, mailbox, client } = await startTeam(t)
  const { email } = newPerson('grace')
  const names = { first_name: 'Grace', last_name: 'Hopper' }
  const invited = await sendInvitation(client, email.toUpperCase(), 300, names)
  assert.equal(invited.statusCode, 201, invited.body)
  assert.deepEqual(invited.json(), {})
  assert.equal(invited.headers['set-cookie'], undefined)

  const mail = await mailbox.next(email)
  assert.match(mail.subject ?? '', /invited/)
  const link = linkIn(mail)

  // Until then the account is nobody's: no password opens it.
  assertProblem(await signIn(newClient(service), { email, password }), 401, 'incorrect_credentials')

  const { client: grace, answer } = await openLink(service, link)
  assert.equal(answer.statusCode, 302)
  assert.equal(answer.headers.location, '/registration/set-password/default/')
  const cookie = cookieOf(answer, cookieName)
  const { 'Max-Age': maxAge, ...attributes } = cookie?.attributes ?? {}
  assert.deepEqual(attributes, { Path: '/', HttpOnly: '', SameSite: 'Lax' })
  assertAbout(Number(maxAge), 86_400)

  // A refused password leaves everything as it was.
  const weak = await setPassword(grace, 'short')
  assert.equal(weak.statusCode, 400)
  assert.deepEqual(Object.keys(weak.json().errors), ['new_password1'])
  const mismatch = await setPassword(grace, password, 'another purple hat')
  assert.deepEqual(Object.keys(mismatch.json().errors), ['new_password2'])

  const done = await setPassword(grace, password)
  assert.equal(done.statusCode, 200, done.body)
  const { access, detail, ...rest } = done.json()
  assert.deepEqual(rest, { expires_in: 1800 })
  assert.equal(detail, 'Password set.')
  assert.ok(setCookies(done).get(refreshCookie))
  assert.equal(setCookies(done).get(cookieName), '')
  const { role, role_name, email_verified, amr } = claimsOf(access)
  assert.deepEqual([role, role_name, email_verified, amr], [300, 'editor', true, ['pwd']])
  const me = (await readUser(grace)).json()
  assert.deepEqual([me.email, me.first_name, me.last_name], [email, 'Grace', 'Hopper'])

  // Used up: link and capability, for whoever has them.
  assert.equal(await isOpen(service, link), false)
  const again = await openLink(service, link)
  assertProblem(again.answer, 400, 'invitation_accepted')
  const { answer: said } = await openLink(service, link, html)
  assert.equal(said.statusCode, 200)
  assert.match(said.body, /This invitation has been accepted/)
  assert.ok(!said.body.includes('<form'))
  const replayed = newClient(service)
  replayed.cookies.set(cookieName, cookie?.value ?? '')
  const refused = await setPassword(replayed, 'another purple hat')
  assert.equal(refused.json().code, 'capability_invalid')
  assert.equal(refused.statusCode, 401)
  assert.equal(refused.headers['www-authenticate'], 'Cookie')
  assert.equal(setCookies(refused).get(cookieName), '')
  await signedIn(service, { email, password })
})

test('LNK-03 LNK-04 looking at the link does not use it, and a scanner gets nothing', async t => {
  const { service } = await startTeam(t)
  const { email } = newPerson('grace')
  const link = await inviteByOperator(service, email)
  const { pathname } = new URL(link)
  const head = await service.inject({ method: 'HEAD', url: pathname })
  const prefetch = await service.inject({
    method: 'GET',
    url: pathname,
    headers: { 'sec-purpose': 'prefetch' }
  })
  for (const answer of [head, prefetch]) assert.equal(answer.headers['set-cookie'], undefined)

  const { client } = await openLink(service, link)
  assert.equal(await isOpen(service, link), true)
  assert.equal((await setPassword(client, password)).statusCode, 200)
})

test('the default page sets the password, and signs nobody in', async t => {
  const { service } = await startTeam(t)
  const { email } = newPerson('grace')
  const { client, answer } = await openLink(service, await inviteByOperator(service, email))
  const form = await client.send('GET', String(answer.headers.location), undefined, html)
  assert.equal(form.statusCode, 200)
  assert.match(form.body, /Choose your password/)
  assert.ok(form.body.includes(email), 'password managers see the address')

  const url = '/registration/set-password/'
  const refused = await postForm(service, client, url, {
    new_password1: 'short',
    new_password2: 'short'
  })
  assert.equal(refused.statusCode, 400)
  assert.match(refused.body, /too short/)
  const done = await postForm(service, client, url, {
    new_password1: password,
    new_password2: password
  })
  assert.equal(done.statusCode, 200)
  assert.match(done.body, /You can sign in now/)
  assert.equal(setCookies(done).has(refreshCookie), false)
  await signedIn(service, { email, password })

  const stranger = await newClient(service).send(
    'GET',
    '/registration/set-password/default/',
    undefined,
    html
  )
  assert.equal(stranger.statusCode, 400)
  assert.match(stranger.body, /no longer works/)
})

test('a page of the deployer’s own is where the link leads', async t => {
  const own = 'https://app.example/choose'
  const { service } = await startTeam(t, {
    PASSWORD_SET_REDIRECT: own,
    CORS_ORIGINS: own.slice(0, 19)
  })
  const { answer } = await openLink(service, await inviteByOperator(service, newPerson().email))
  assert.equal(answer.headers.location, own)
})

test('an address that somebody has is not invited, and whoever invites may know', async t => {
  const { service, mailbox, client, person } = await startTeam(t)
  const { person: member } = await newMember(service)
  const taken = { email: ['A user is already registered with this email address.'] }
  for (const { email } of [member, person])
    assertProblem(await sendInvitation(client, email), 400, 'email_taken', taken)
  const { email } = newPerson('gone')
  await accept(service, await inviteByOperator(service, email), password)
  assertProblem(await sendInvitation(client, email), 400, 'email_taken', taken)
  await disableUser(service.app.deps, String((await accountOf(service, email))?.id))
  assertProblem(await sendInvitation(client, email), 400, 'email_taken', taken)
  assert.deepEqual(mailbox.received, [])
})

test('ADM-05 inviting again replaces link, role and names, and voids what the old link allowed', async t => {
  const { service, mailbox, client } = await startTeam(t)
  const { email } = newPerson('grace')
  await sendInvitation(client, email, 1000, { first_name: 'Wrong' })
  const first = await mailbox.linkFor(email)
  const { client: early } = await openLink(service, first)
  await sendInvitation(client, email, 0, { first_name: 'Grace' })
  const second = await mailbox.linkFor(email)

  assertProblem(
    (await openLink(service, first, { accept: 'application/json' })).answer,
    400,
    'link_invalid'
  )
  const page = (await openLink(service, first, html)).answer
  assert.match(page.body, /There is a newer email/)
  assert.equal((await setPassword(early, password)).json().code, 'capability_invalid')

  const grace = await accept(service, second, password)
  assert.equal(claimsOf(grace.access ?? '').role, 0)
  assert.equal((await readUser(grace)).json().first_name, 'Grace')
})

test('ADM-04 only an invitation allows a first password, and only an account without one gets it', async t => {
  const { service, mailbox } = await startTeam(t, { EMAIL_VERIFICATION: 'optional' })
  const person = newPerson('ada')
  await signUp(newClient(service), person)
  const confirmation = await mailbox.linkFor(person.email)
  assert.equal(await isOpen(service, confirmation), false)

  await service.inject({
    method: 'POST',
    url: '/password/reset/',
    payload: { email: person.email }
  })
  const { client, answer } = await openLink(service, await mailbox.linkFor(person.email))
  const capability = setCookies(answer).get('password_reset_access_token') ?? ''
  assert.notEqual(capability, '')
  client.cookies.set(cookieName, capability)
  assert.equal((await setPassword(client, 'another purple hat')).statusCode, 401)

  // An account that got a password by another road, with the capability in somebody's hands.
  const { email } = newPerson('grace')
  const opened = await openLink(service, await inviteByOperator(service, email))
  await service.query('UPDATE "User" SET "passwordHash" = $2 WHERE "email" = $1', [email, 'x'])
  assert.equal((await setPassword(opened.client, password)).json().code, 'capability_invalid')
  await signedIn(service, person)
})

test('ADM-07 an invitation is for the address it was sent to', async t => {
  const { service } = await startTeam(t)
  const { email } = newPerson('grace')
  const { client } = await openLink(service, await inviteByOperator(service, email))
  await service.query('UPDATE "User" SET "email" = $2 WHERE "email" = $1', [
    email,
    newPerson('mallory').email
  ])
  assert.equal((await setPassword(client, password)).json().code, 'capability_invalid')

  // Another's bearer beside the capability changes nothing: the link says whose password it is.
  const { person: other, client: signedInOther } = await newMember(service)
  const target = newPerson('linus')
  const opened = await openLink(service, await inviteByOperator(service, target.email))
  opened.client.access = signedInOther.access
  assert.equal((await setPassword(opened.client, 'another purple hat')).statusCode, 200)
  await signedIn(service, other)
  await signedIn(service, { ...target, password: 'another purple hat' })
})

for (const verification of ['none', 'optional', 'mandatory']) {
  test(`ADM-06 a sign-up does not take an open invitation (verification ${verification}); a lapsed one frees the address`, async t => {
    const { service, mailbox, client } = await startTeam(t, {
      EMAIL_VERIFICATION: verification,
      ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS: '1h'
    })
    const person = { ...newPerson('grace'), password: 'another purple hat' }
    await sendInvitation(client, person.email, 300)
    const link = await mailbox.linkFor(person.email)
    const before = await accountOf(service, person.email)

    const taken = await signUp(newClient(service), person)
    if (verification === 'mandatory') assert.equal(taken.statusCode, 201, taken.body)
    else
      assertProblem(taken, 400, 'email_taken', {
        email: ['A user is already registered with this email address.']
      })
    assert.deepEqual(await accountOf(service, person.email), before)
    assert.equal(await isOpen(service, link), true)

    await service.advance(3601)
    assert.equal(await isOpen(service, link), false)
    const free = await signUp(newClient(service), person)
    assert.equal(free.statusCode, 201, free.body)
    if (verification === 'mandatory') {
      const mails = [await mailbox.next(person.email), await mailbox.next(person.email)]
      const { answer } = await openLink(service, linkIn(mails.at(-1) as (typeof mails)[0]))
      assert.equal(answer.statusCode, 302, 'the sign-up is confirmed by its own link')
    }
    const own = await signedIn(service, person)
    assert.equal(claimsOf(own.access ?? '').role, 0, 'the role went with the invitation')
    assert.equal(await isOpen(service, link), false)
  })
}

test('LNK-15 whoever was invited gets the invitation again instead of a reset', async t => {
  const { service, mailbox, client } = await startTeam(t)
  const { email } = newPerson('grace')
  await sendInvitation(client, email, 300)
  const first = await mailbox.linkFor(email)
  const asked = await service.inject({
    method: 'POST',
    url: '/password/reset/',
    payload: { email }
  })
  const nobody = await service.inject({
    method: 'POST',
    url: '/password/reset/',
    payload: { email: newPerson().email }
  })
  assert.deepEqual([asked.statusCode, asked.body], [nobody.statusCode, nobody.body])
  const mail = await mailbox.next(email)
  assert.match(mail.subject ?? '', /invited/)
  assert.equal(await isOpen(service, first), false)
  const grace = await accept(service, linkIn(mail), password)
  assert.equal(claimsOf(grace.access ?? '').role, 300)
})

test('LNK-17 an open invitation is mailed again on request, and no request gives it more time', async t => {
  const { service, mailbox, client, person } = await startTeam(t, {
    ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS: '1h'
  })
  const { email } = newPerson('grace')
  await sendInvitation(client, email, 300)
  const first = await mailbox.linkFor(email)
  const resend = '/registration/invitation/resend/'
  const ask = (url: string, address = email) =>
    service.inject({ method: 'POST', url, payload: { email: address } })
  const endOf = async () => {
    const [row] = await service.query<{ end: Date }>(
      `SELECT "expiresAt" AS "end" FROM "Link" l JOIN "User" u ON u."id" = l."userId"
       WHERE u."email" = $1 AND l."supersededAt" IS NULL`,
      [email]
    )
    return row?.end.getTime()
  }
  const end = await endOf()

  await service.advance(1800)
  const stranger = await newClient(service).send(
    'GET',
    '/registration/set-password/default/',
    undefined,
    html
  )
  const action = /<form method="post" action="([^"]+)"/.exec(stranger.body)?.[1]
  assert.equal(action, resend)
  const asked = await postForm(service, newClient(service), resend, { email })
  assert.match(asked.body, /Check your mailbox/)
  const second = await mailbox.linkFor(email)
  assert.equal(await isOpen(service, first), false)
  const known = await ask(resend)
  const third = await mailbox.linkFor(email)
  assert.equal(await isOpen(service, second), false)
  await ask('/password/reset/')
  const fourth = await mailbox.linkFor(email)
  assert.equal(await isOpen(service, third), false)
  assert.equal(await isOpen(service, fourth), true)
  assert.equal(await endOf(), end)

  const { client: early } = await openLink(service, fourth)
  await service.advance(1801)
  assert.equal((await setPassword(early, password)).statusCode, 401)
  assertProblem((await openLink(service, fourth)).answer, 400, 'link_invalid')
  const { answer: page } = await openLink(service, fourth, html)
  assert.equal(page.statusCode, 400)
  assert.match(page.body, /Ask whoever invited you/)
  assert.ok(!page.body.includes('<form'))

  // Expired, it stays so, whatever is asked for; the answers do not tell.
  const unknown = await ask(resend, newPerson().email)
  for (const answer of [known, await ask(resend)])
    assert.deepEqual([answer.statusCode, answer.body], [unknown.statusCode, unknown.body])
  assert.equal(
    (await ask('/password/reset/')).body,
    (await ask('/password/reset/', newPerson().email)).body
  )
  const mails = await service.query('SELECT 1 FROM "Mail" WHERE "recipient" = $1', [email])
  assert.equal(mails.length, 4)
  const fresh = await signedIn(service, person)
  const [{ state, id }] = (await fresh.send('GET', '/invitations/')).json().results
  assert.equal(state, 'expired')

  await fresh.send('POST', `/invitations/${id}/resend/`, {})
  const grace = await accept(service, await mailbox.linkFor(email), password)
  assert.equal(claimsOf(grace.access ?? '').role, 300)
})

test('LNK-17 who signed up after an invitation expired is mailed again as that, not as invited', async t => {
  const { service, mailbox, client } = await startTeam(t, {
    ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS: '1h',
    EMAIL_VERIFICATION: 'mandatory'
  })
  const grace = newPerson('grace')
  await sendInvitation(client, grace.email, 300)
  await mailbox.linkFor(grace.email)
  await service.advance(3601)
  await signUp(newClient(service), grace)
  await mailbox.linkFor(grace.email)
  await newClient(service).send('POST', '/registration/verification/resend/', {
    email: grace.email
  })
  const { answer } = await openLink(service, await mailbox.linkFor(grace.email))
  assert.deepEqual([answer.statusCode, answer.headers.location], [302, '/registration/verified/'])
  const signed = await signedIn(service, grace)
  assert.equal(claimsOf(signed.access ?? '').role, 0)
})

test('where people do not invite, the first password exists only for an operator’s invitation', async t => {
  const inviting = await startTeam(t)
  const { email } = newPerson('grace')
  await sendInvitation(inviting.client, email)
  const personal = await inviting.mailbox.linkFor(email)
  const closed = await startAppOn(t, inviting.service.databaseUrl, inviting.mailbox.settings)
  const form = '/registration/set-password/default/'

  assertProblem((await openLink(closed, personal)).answer, 404, 'not_found')
  const { client: early } = await openLink(inviting.service, personal)
  const late = newClient(closed)
  for (const [name, value] of early.cookies) late.cookies.set(name, value)
  assertProblem(await setPassword(late, password), 404, 'not_found')
  assert.equal((await late.send('GET', form, undefined, html)).statusCode, 404)

  const { client } = await openLink(closed, await inviteByOperator(closed, newPerson().email))
  assert.equal((await client.send('GET', form, undefined, html)).statusCode, 200)
  const weak = await setPassword(client, 'short')
  assert.deepEqual(Object.keys(weak.json().errors), ['new_password1'])
  const kept = new Map(client.cookies)
  assert.equal((await setPassword(client, password)).statusCode, 200)
  const replayed = newClient(closed)
  for (const [name, value] of kept) replayed.cookies.set(name, value)
  assertProblem(await setPassword(replayed, password), 404, 'not_found')
})

test('invitations are listed, sent again and taken back', async t => {
  const { service, mailbox, client, person } = await startTeam(t, {
    ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS: '1h'
  })
  const late = newPerson('late').email
  await sendInvitation(client, late, 0)
  await service.advance(3601)
  const fresh = await signedIn(service, person)
  const [accepted, open] = [newPerson('accepted').email, newPerson('open').email]
  await sendInvitation(fresh, accepted, 300)
  await accept(service, await mailbox.linkFor(accepted), password)
  await sendInvitation(fresh, open, 0)
  const byOperator = newPerson('operator').email
  await inviteByOperator(service, byOperator, 'superuser')

  const list = async (query = '') => (await fresh.send('GET', `/invitations/${query}`)).json()
  const all = await list()
  assert.deepEqual(
    all.results.map((it: Record<string, unknown>) => [
      it.email,
      it.state,
      it.role_name,
      it.inviter
    ]),
    [
      [byOperator, 'pending', 'superuser', null],
      [open, 'pending', 'user', person.email],
      [accepted, 'accepted', 'editor', person.email],
      [late, 'expired', 'user', person.email]
    ]
  )
  assert.equal(all.next, null)
  const states = async (state: string) =>
    (await list(`?state=${state}`)).results.map(({ email }: { email: string }) => email)
  assert.deepEqual(await states('pending'), [byOperator, open])
  assert.deepEqual(await states('expired'), [late])
  assert.deepEqual(await states('accepted'), [accepted])
  const first = await list('?limit=3')
  assert.equal(first.results.length, 3)
  const rest = await list(`?limit=3&before=${first.next}`)
  assert.deepEqual([rest.results.length, rest.next], [1, null])
  for (const query of ['?state=no', '?limit=0', '?limit=101', '?before=x', '?page=2'])
    assert.equal((await fresh.send('GET', `/invitations/${query}`)).statusCode, 400, query)

  const idOf = (email: string) =>
    all.results.find((it: { email: string }) => it.email === email).id as string
  const before = await mailbox.linkFor(open)
  const again = await fresh.send('POST', `/invitations/${idOf(open)}/resend/`, {})
  assert.equal(again.statusCode, 200, again.body)
  const after = await mailbox.linkFor(open)
  assert.equal(await isOpen(service, before), false)
  assert.equal(await isOpen(service, after), true)

  const revoke = (id: string) => fresh.send('DELETE', `/invitations/${id}/`)
  assert.equal((await revoke(idOf(open))).statusCode, 204)
  assertProblem(await revoke(idOf(open)), 404, 'not_found')
  assert.equal(await isOpen(service, after), false)
  assert.equal(await accountOf(service, open), null)
  assert.equal((await signUp(newClient(service), { email: open, password })).statusCode, 201)

  assertProblem(await revoke(idOf(accepted)), 400, 'invitation_accepted')
  assertProblem(
    await fresh.send('POST', `/invitations/${idOf(accepted)}/resend/`, {}),
    400,
    'invitation_accepted'
  )
  assertProblem(await revoke(idOf(byOperator)), 403, 'permission_denied')
  await signedIn(service, { email: accepted, password })
})

test('a disabled account is not had by its invitation, and enabling does not revive the link', async t => {
  const { service, client } = await startTeam(t)
  const { email } = newPerson('grace')
  const link = await inviteByOperator(service, email)
  const opened = await openLink(service, link)
  const id = String((await accountOf(service, email))?.id)
  await disableUser(service.app.deps, id)
  assert.equal((await setPassword(opened.client, password)).statusCode, 401)
  assertProblem((await openLink(service, link)).answer, 400, 'link_invalid')
  await service.query('UPDATE "User" SET "isActive" = true WHERE "id" = $1', [id])
  assert.equal(await isOpen(service, link), false)
  assert.equal((await sendInvitation(client, email)).statusCode, 201, 'inviting again does')
})

test('an invited account that was disabled stays so, whatever inviters and strangers do', async t => {
  const { service, client } = await startTeam(t)
  const { email } = newPerson('mallory')
  await inviteByOperator(service, email)
  const { id } = (await accountOf(service, email)) as { id: string }
  await disableUser(service.app.deps, id)
  const [{ id: invitation }] = (await client.send('GET', '/invitations/')).json().results
  assertProblem(
    await client.send('POST', `/invitations/${invitation}/resend/`, {}),
    403,
    'permission_denied'
  )
  assertProblem(
    await client.send('DELETE', `/invitations/${invitation}/`),
    403,
    'permission_denied'
  )
  for (const answer of [
    await sendInvitation(client, email),
    await signUp(newClient(service), { email, password })
  ])
    assert.deepEqual([answer.statusCode, answer.json().code], [400, 'email_taken'])
  assert.equal((await accountOf(service, email))?.isActive, false)
})

test('ADM-03 an invitation to a higher role is not replaced by whoever may not grant that', async t => {
  const { service, client } = await startTeam(t)
  const { email } = newPerson('boss')
  const link = await inviteByOperator(service, email, 'superuser')
  assertProblem(await sendInvitation(client, email, 0), 403, 'permission_denied')
  assert.equal(await isOpen(service, link), true)
  const { client: superuser } = await newMemberAs(service, 'superuser')
  assert.equal((await sendInvitation(superuser, email, 1000)).statusCode, 201)
  const [event] = await service.query(
    `SELECT "details" FROM "AuditEvent" WHERE "event" = 'invitation.sent' ORDER BY "id" DESC LIMIT 1`
  )
  assert.deepEqual(event?.details, { role: 'staff', replaced: 'superuser' })
})

test('ADM-06 an invitation whose link was voided reserves nothing', async t => {
  const { service, client } = await startTeam(t)
  const { email } = newPerson('grace')
  await inviteByOperator(service, email)
  const id = String((await accountOf(service, email))?.id)
  await logoutAll(service.app.deps, id)
  const [open] = (await client.send('GET', '/invitations/')).json().results
  assert.equal(open.state, 'pending', 'only disabling voids it')
  await disableUser(service.app.deps, id)
  await enableUser(service.app.deps, id)
  const [listed] = (await client.send('GET', '/invitations/')).json().results
  assert.equal(listed.state, 'expired')
  assert.equal((await signUp(newClient(service), { email, password })).statusCode, 201)
})

test('ADM-08 with admin-managed registration nobody signs up, in any spelling of the path', async t => {
  const { service } = await startManaged(t)
  const person = newPerson('mallory')
  const payload = { email: person.email, password1: password, password2: password }
  for (const url of [
    '/registration/',
    '/registration',
    '/Registration/',
    '/REGISTRATION',
    '//registration/',
    '/registration//',
    '/./registration/',
    '/login/../registration/',
    '/%72egistration/',
    '/registration%2f',
    '/registration/?x=1',
    '/registration/;x',
    '/registration/%20',
    '/registration.json'
  ]) {
    const answer = await service.inject({ method: 'POST', url, payload })
    assert.ok([404, 405].includes(answer.statusCode), `${url}: ${answer.statusCode} ${answer.body}`)
  }
  assert.equal(await accountOf(service, person.email), null)
  const everybody = await service.query('SELECT 1 FROM "User"')
  assert.equal(everybody.length, 1, 'the one who was invited by command')
})

/** An installation where people only come by invitation, with its first member. */
async function startManaged(t: Parameters<typeof startApp>[0], settings: Settings = {}) {
  const mailbox = await openMailbox(t)
  const service = await startApp(t, {
    JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION: 'true',
    ...roles,
    ...mailbox.settings,
    ...settings
  })
  const { email } = newPerson('first')
  const link = await inviteByOperator(service, email, 'superuser')
  return { service, mailbox, email, link }
}

for (const mode of ['optional', 'required']) {
  test(`from an empty database to a team, by invitations only (second factor ${mode})`, async t => {
    const { service, mailbox, email, link } = await startManaged(t, {
      JWT_ALLAUTH_MFA_TOTP_MODE: mode
    })
    const admin = await join(service, link, mode)
    assert.equal(claimsOf(admin.access ?? '').role_name, 'superuser')

    const editor = newPerson('editor').email
    assert.equal((await sendInvitation(admin, editor, 300)).statusCode, 201)
    const second = await join(service, await mailbox.linkFor(editor), mode)
    assert.equal(claimsOf(second.access ?? '').role_name, 'editor')
    assertProblem(await sendInvitation(second, newPerson().email), 403, 'permission_denied')

    const signIns = await Promise.all(
      [email, editor].map(address => signIn(newClient(service), { email: address, password }))
    )
    for (const answer of signIns)
      assert.deepEqual(
        [answer.statusCode, answer.json().mfa_required ?? null],
        [200, mode === 'required' ? true : null]
      )
  })
}

/** Accepts an invitation, with a second factor where one is asked for. */
async function join(service: TestApp, link: string, mode: string) {
  const { client } = await openLink(service, link)
  const set = await setPassword(client, password)
  assert.equal(set.statusCode, 200, set.body)
  if (mode === 'required') {
    assert.equal(set.json().mfa_setup_required, true)
    assert.equal(set.json().access, undefined)
    assert.equal(setCookies(set).has(refreshCookie), false)
    await enrol(service, client, set.json().setup_challenge_id)
    const { amr } = claimsOf(client.access ?? '')
    assert.deepEqual(amr, ['pwd', 'otp'])
  }
  assert.ok(client.access)
  return client
}

test('where no mail is sent, an operator hands the link over', async t => {
  const service = await startApp(t, { EMAIL_DISABLED: 'true' })
  const { email } = newPerson('grace')
  const link = await inviteByOperator(service, email, 'staff')
  const { answer: page } = await openLink(service, link.replace(/.{3}\/$/, 'xxx/'), html)
  assert.equal(page.statusCode, 404)
  const grace = await accept(service, link, password)
  assert.equal(claimsOf(grace.access ?? '').role, 1000)

  const lapsed = await inviteByOperator(service, newPerson().email)
  await service.advance(4 * 86_400)
  const { answer } = await openLink(service, lapsed, html)
  assert.match(answer.body, /Ask whoever invited you/)
  assert.ok(!answer.body.includes('<form'))
  const asking = await service.inject({
    method: 'POST',
    url: '/registration/invitation/resend/',
    payload: { email }
  })
  assertProblem(asking, 404, 'not_found')
  assert.deepEqual(await service.query('SELECT 1 FROM "Mail"'), [])
})

test('ADM-09 a new installation has nobody in it', async t => {
  const service = await startApp(t)
  assert.deepEqual(await service.query('SELECT 1 FROM "User"'), [])
  for (const [email, guess] of [
    ['admin@example.com', 'admin'],
    ['admin@localhost.local', 'password'],
    ['root@example.com', 'root'],
    ['postern@example.com', 'postern'],
    ['admin@postern.local', 'changeme']
  ] as const)
    assertProblem(
      await signIn(newClient(service), { email, password: guess }),
      401,
      'incorrect_credentials'
    )
  const link = await inviteByOperator(service, newPerson().email, 'superuser')
  const { client } = await openLink(service, link)
  for (const weak of ['admin', 'password', '12345678', 'postern1'])
    assert.equal((await setPassword(client, weak)).statusCode, 400, weak)
})

test('ADM-10 the trail says who invited whom as what, and nobody sets another’s password', async t => {
  const { service, mailbox, client, userId } = await startTeam(t)
  const { email } = newPerson('grace')
  await sendInvitation(client, email, 300)
  const subject = String((await accountOf(service, email))?.id)
  const [event] = await service.query(
    `SELECT "event", "outcome", "actorId", "subjectId", "details", "network" FROM "AuditEvent"
     WHERE "event" = 'invitation.sent'`
  )
  assert.deepEqual(event, {
    event: 'invitation.sent',
    outcome: 'success',
    actorId: userId,
    subjectId: subject,
    details: { role: 'editor' },
    network: '127.0.0.1'
  })
  for (const field of ['password', 'password1', 'new_password1', 'passwordHash']) {
    const answer = await sendInvitation(client, newPerson().email, 0, { [field]: password })
    assertProblem(answer, 400, 'validation_error', { [field]: ['This field is not known here.'] })
  }
  const takers = (await operationsOf(service)).filter(({ body }) =>
    Object.keys(body?.properties ?? {}).some(name => /password/.test(name))
  )
  assert.ok(takers.length > 3)
  assert.deepEqual(
    takers.filter(({ raw }) => JSON.stringify(raw).includes('permission_denied')),
    [],
    'no operation that asks for a role takes a password'
  )
  await accept(service, await mailbox.linkFor(email), password)
  assert.notEqual(userIdOf(client), subject)
})

test('what an invitation leaves behind opens nothing: no token of it is in a table', async t => {
  const { service, mailbox, client } = await startTeam(t)
  const { email } = newPerson('grace')
  await sendInvitation(client, email)
  const link = await mailbox.linkFor(email)
  await untilSettled(service, mailbox)
  const token = new URL(link).pathname.split('/').at(-2) as string
  for (const { table } of await service.query<{ table: string }>(
    `SELECT relname::text AS table FROM pg_class
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`
  )) {
    const rows = await service.query<{ row: string }>(`SELECT t::text AS row FROM "${table}" t`)
    assert.ok(!rows.some(({ row }) => row.includes(token)), table)
  }
  assert.ok(!service.logs.some(line => line.includes(token)), 'the log')
})

async function untilSettled(service: TestApp, mailbox: Mailbox) {
  await mailbox.count(1)
  for (;;) {
    const rows = await service.query(`SELECT 1 FROM "Mail" WHERE "state" = 'queued'`)
    if (rows.length === 0) return
    await new Promise(resolve => setImmediate(resolve))
  }
}
