import assert from 'node:assert/strict'
import { test } from 'node:test'
import { operatorSender } from '../../src/operator/no-sender.js'
import { invite } from '../../src/registration/invite.js'
import { startApp } from '../support/app.js'
import { openMailbox } from '../support/mailbox.js'
import { newMember, newPerson, present, refresh } from '../support/people.js'
import { inviting, newMemberAs, sendInvitation } from '../support/team.js'
import { until } from '../support/until.js'

test('LNK-10 the link of a mail starts with PUBLIC_URL, whatever the request says', async t => {
  const mailbox = await openMailbox(t)
  const service = await startApp(t, { ...mailbox.settings, BASE_PATH: '/auth' })
  const { person } = await newMember({
    inject: request => service.inject({ ...request, url: `/auth${request.url}` })
  })
  const forged: Record<string, string>[] = [
    { host: 'evil.example' },
    { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
    { 'x-forwarded-port': '666', 'x-forwarded-prefix': '/evil' },
    { forwarded: 'host=evil.example;proto=https' }
  ]
  for (const headers of forged) {
    await service.inject({
      method: 'POST',
      url: '/auth/password/reset/',
      payload: { email: person.email },
      headers
    })
    const mail = await mailbox.next(person.email)
    const urls = `${mail.text} ${mail.html}`.match(/https?:\/\/[^\s"<>]+/g) ?? []
    assert.ok(urls.some(url => url.includes('/password/reset/confirm/')))
    for (const url of urls) assert.ok(url.startsWith('http://localhost:3000/auth/'), url)
  }
})

test('LOG-04 a stolen refresh token ends its session, and its owner is told by mail, once an hour at most', async t => {
  const mailbox = await openMailbox(t)
  const service = await startApp(t, { ...mailbox.settings, REFRESH_REUSE_GRACE_SECONDS: '0' })
  const { person, client } = await newMember(service)

  async function steal() {
    const stolen = client.refreshToken as string
    assert.equal((await refresh(client)).statusCode, 200)
    const answer = await present(service, stolen)
    assert.equal(answer.statusCode, 401)
    assert.equal(answer.json().code, 'refresh_reused')
    assert.equal((await refresh(client)).statusCode, 401)
  }
  const signInAgain = () =>
    client.send('POST', '/login/', { email: person.email, password: person.password })

  await steal()
  assert.ok(service.logs.join('').includes('session.refresh_reused'))
  const told = await mailbox.next(person.email)
  assert.equal(told.recipients.length, 1)

  await signInAgain()
  await steal()
  const mails = () => service.query(`SELECT 1 FROM "Mail" WHERE "template" = 'session-ended'`)
  assert.equal((await mails()).length, 1)

  await service.advance(3601)
  await signInAgain()
  await steal()
  assert.equal((await mails()).length, 2)
  await mailbox.next(person.email)
})

test('LOG-04 a session ends even where its owner cannot be told', async t => {
  const service = await startApp(t, { EMAIL_DISABLED: 'true', REFRESH_REUSE_GRACE_SECONDS: '0' })
  const { client } = await newMember(service)
  const stolen = client.refreshToken as string
  await refresh(client)
  assert.equal((await present(service, stolen)).json().code, 'refresh_reused')
  assert.deepEqual(await service.query('SELECT 1 FROM "Session"'), [])
  assert.deepEqual(await service.query('SELECT 1 FROM "Mail"'), [])
})

const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

test('EML-15 mails about an event of an account', async t => {
  const mailbox = await openMailbox(t)
  const service = await startApp(t, { ...mailbox.settings, SUPPORT_URL: 'mailto:help@example.com' })

  /** The mail about a new password, which a client with this user agent and address sets. */
  async function changePassword(agent: string, address: string) {
    const options = { address, headers: { 'user-agent': agent } }
    const { person, client } = await newMember(service, options)
    const answer = await client.send('POST', '/password/change/', {
      old_password: person.password,
      new_password1: 'enormous green shoe',
      new_password2: 'enormous green shoe'
    })
    assert.equal(answer.statusCode, 200, answer.body)
    const { text = '', html } = await mailbox.next(person.email)
    return { text, html: String(html), person }
  }

  await t.test('say when, on which device, from which network, and where to turn', async () => {
    const { text, html, person } = await changePassword(firefox, '203.0.113.7')
    assert.match(text, /Time: .*\u00a0UTC\nDevice: Firefox 140 · Linux\nNetwork: 203\.0\.113\.7\n/)
    assert.match(text, /\nhelp@example\.com\n/)
    for (const part of [/UTC<br>/, /Firefox 140 · Linux<br>/, /203\.0\.113\.7<br>/])
      assert.match(html, part)
    assert.match(html, /href="mailto:help@example\.com"/)

    // DAT-02: the outbox keeps neither when the mail is gone.
    const paramsOf = () =>
      service.query<{ params: object }>(
        `SELECT "params" FROM "Mail" WHERE "recipient" = $1 AND "state" = 'sent'`,
        [person.email]
      )
    await until('the mail is marked as sent', async () => (await paramsOf()).length === 1)
    const [row] = await paramsOf()
    assert.deepEqual(Object.keys(row?.params ?? {}), ['when'])
  })

  await t.test('name the network of an IPv6 address, as the trail does', async () => {
    const { text } = await changePassword(firefox, '2001:db8:1:2:3:4:5:6')
    assert.match(text, /\nNetwork: 2001:db8:1:2::\/64\n/)
  })

  await t.test('PAG-06 EML-03 show nothing that a client wrote into its user agent', async () => {
    for (const agent of [
      'Call +1 555 0100 now/1 https://evil.example',
      'Mozilla/5.0 (X11; Linux <b>evil</b>) evil.example/1 Firefox/evil.example',
      'Bcc: evil@example.com/9'
    ]) {
      const { text, html } = await changePassword(agent, '203.0.113.8')
      assert.match(text, /\nNetwork: 203\.0\.113\.8\n/)
      for (const part of [text, html]) assert.doesNotMatch(part, /evil|555|https:/)
    }
    for (const { recipients } of mailbox.received) assert.equal(recipients.length, 1)
  })
})

/** The text that a person reads: an address in it is kept from becoming a link. */
const withoutJoiners = (text: string) => text.replaceAll('\u2060', '')

test('EML-14 an invitation names who invites by a confirmed address, and never by a name', async t => {
  const mailbox = await openMailbox(t)
  const service = await startApp(t, { ...inviting, ...mailbox.settings, BRAND_NAME: 'Acme' })
  const { person: inviter, client } = await newMemberAs(service, 'staff')
  const names = { first_name: 'Visit', last_name: 'evil.example' }
  assert.equal((await client.send('PATCH', '/user/', names)).statusCode, 200)

  const { email } = newPerson('grace')
  const bodiesOf = ({ text, html }: Awaited<ReturnType<typeof mailbox.next>>) => [
    text ?? '',
    String(html)
  ]
  await sendInvitation(client, email)
  const first = await mailbox.next(email)
  // A reset for the invited address mails the invitation again.
  await service.inject({ method: 'POST', url: '/password/reset/', payload: { email } })
  const again = await mailbox.next(email)
  for (const part of [...bodiesOf(first), ...bodiesOf(again)]) {
    assert.ok(withoutJoiners(part).includes(`${inviter.email} invites you to Acme.`), part)
    assert.doesNotMatch(part, /evil|Visit/)
  }
  const rows = await service.query(`SELECT "params" FROM "Mail" WHERE "recipient" = $1`, [email])
  assert.ok(!JSON.stringify(rows).includes(inviter.email))

  await service.query(`UPDATE "User" SET "emailVerifiedAt" = NULL WHERE "email" = $1`, [
    inviter.email
  ])
  const second = newPerson('hopper')
  await sendInvitation(client, second.email)
  const { deps } = service.app
  const third = newPerson('lovelace')
  const invitee = { email: third.email, role: 'user', firstName: '', lastName: '' }
  const sender = operatorSender(deps)
  await invite(deps, invitee, { inviterId: null, locale: 'en', mail: 'invitation', sender })
  for (const person of [second, third])
    for (const part of bodiesOf(await mailbox.next(person.email))) {
      assert.match(part, /Acme invites you\./)
      assert.ok(!withoutJoiners(part).includes(inviter.email))
    }
})
