import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../support/app.js'
import { openMailbox } from '../support/mailbox.js'
import { newMember, present, refresh } from '../support/people.js'

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
