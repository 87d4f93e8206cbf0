import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../support/app.js'
import { openMailbox } from '../support/mailbox.js'
import { newClient, newMember, newPerson, signUp } from '../support/people.js'
import { until } from '../support/until.js'

const ask = (service: Awaited<ReturnType<typeof startApp>>, email: string) =>
  service.inject({ method: 'POST', url: '/password/reset/', payload: { email } })

test('without an SMTP server a developer finds every mail at /dev/mailbox/, and its link in the log', async t => {
  const service = await startApp(t)
  const { person } = await newMember(service)
  await ask(service, person.email)
  await until('mail in the mailbox', async () =>
    (await service.inject({ url: '/dev/mailbox/' })).body.includes(person.email)
  )

  const list = await service.inject({ url: '/dev/mailbox/' })
  assert.equal(list.statusCode, 200)
  const [, url = ''] = /href="(\/dev\/mailbox\/[0-9a-f-]{36}\/)"/.exec(list.body) ?? []
  const page = await service.inject({ url })
  assert.equal(page.statusCode, 200)
  const [link = ''] =
    /http:\/\/localhost:3000\/password\/reset\/confirm\/[\w/-]+/.exec(page.body) ?? []
  assert.ok(link, page.body)
  assert.ok(
    service.logs.some(line => line.includes(link)),
    'the log holds the link'
  )

  const html = await service.inject({ url: `${url}html/` })
  assert.equal(html.statusCode, 200)
  assert.ok(html.body.includes(link))
  const policy = String(html.headers['content-security-policy'])
  assert.match(policy, /default-src 'none'/)
  assert.match(policy, /sandbox(?!.*allow-scripts)/)

  const opened = await service.inject({ url: new URL(link).pathname })
  assert.ok(opened.statusCode < 400, `${opened.statusCode}`)
  const absent = await service.inject({ url: '/dev/mailbox/01920000-0000-7000-8000-000000000001/' })
  assert.equal(absent.statusCode, 404)
  const documented = await service.inject({ url: '/docs/json' })
  assert.ok(!documented.body.includes('dev/mailbox'))
})

test('the development mailbox opens to nobody but this machine', async t => {
  const service = await startApp(t)
  const refused = [
    { remoteAddress: '192.0.2.7' },
    { headers: { host: 'evil.example' } },
    { headers: { 'x-forwarded-for': '192.0.2.7' } },
    { headers: { forwarded: 'for=192.0.2.7' } }
  ]
  for (const request of refused) {
    const answer = await service.inject({ url: '/dev/mailbox/', ...request })
    assert.equal(answer.statusCode, 404, JSON.stringify(request))
  }
  for (const remoteAddress of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) {
    const answer = await service.inject({ url: '/dev/mailbox/', remoteAddress })
    assert.equal(answer.statusCode, 200, remoteAddress)
  }
})

test('there is no development mailbox where mails are sent, where it is production, or where others can reach it', async t => {
  const mailbox = await openMailbox(t)
  const elsewhere: Record<string, string>[] = [
    mailbox.settings,
    { ...mailbox.settings, NODE_ENV: 'production', RATE_LIMIT_ENABLED: 'true' },
    { PUBLIC_URL: 'https://auth.example' },
    { EMAIL_DISABLED: 'true' },
    { MAIL_WORKER: 'false' }
  ]
  for (const settings of elsewhere) {
    const service = await startApp(t, settings)
    const answer = await service.inject({ url: '/dev/mailbox/' })
    assert.equal(answer.statusCode, 404, JSON.stringify(settings))
  }
})

test('with EMAIL_DISABLED nothing is put into the outbox', async t => {
  const service = await startApp(t, { EMAIL_DISABLED: 'true' })
  const person = newPerson()
  await signUp(newClient(service), person)
  await ask(service, person.email)
  assert.deepEqual(await service.query(`SELECT * FROM "Mail" WHERE "state" = 'queued'`), [])
})
