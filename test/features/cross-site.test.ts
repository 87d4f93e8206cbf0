import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../support/app.js'
import { everything, exampleBody, operationsOf } from '../support/document.js'
import { assertProblem } from '../support/expect.js'
import { askReset, opened, pathOf, postForm, startMailing } from '../support/links.js'
import { codeIn, linkIn } from '../support/mailbox.js'
import { newClient, newPerson, signIn, signUp } from '../support/people.js'

/** What a browser sends when another site posts a form, or a script of another site fetches. */
const foreign = [
  { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
  { origin: 'null', 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' }
] as const

test('CAP-09 no route leaves a cookie for another site', async t => {
  const service = await startApp(t, {
    ...everything,
    EMAIL_VERIFICATION: 'mandatory',
    EMAIL_VERIFICATION_CONFIRM_BUTTON: 'true'
  })
  const operations = await operationsOf(service)
  const unsafe = operations.filter(({ method }) => method !== 'GET')
  const byTokenAlone = (security: (typeof operations)[0]['security']) =>
    security.length > 0 && security.every(scheme => 'bearer' in scheme)
  let refused = 0
  for (const { method, url, body, security, raw } of unsafe) {
    const name = `${method} ${url}`
    const { content = {} } = (raw.requestBody ?? {}) as { content?: object }
    const asForm = 'application/x-www-form-urlencoded' in content
    for (const headers of foreign) {
      for (const payload of asForm ? [exampleBody(body ?? {}), 'x=1'] : [exampleBody(body ?? {})]) {
        const type =
          typeof payload === 'string' ? 'application/x-www-form-urlencoded' : 'application/json'
        const answer = await service.inject({
          method,
          url,
          headers: { ...headers, 'content-type': type, accept: 'application/json' },
          payload
        })
        assert.equal(answer.headers['set-cookie'], undefined, name)
        // A browser adds no access token by itself: without one such a route does nothing.
        if (byTokenAlone(security)) assert.equal(answer.statusCode, 401, name)
        else {
          assert.equal(answer.statusCode, 403, name)
          assert.match(answer.body, /came from another site/, name)
          refused++
        }
      }
    }
  }
  assert.ok(refused > 60, String(refused))
})

test('CAP-09 a form of another site signs nobody in with a mail of the attacker’s', async t => {
  const { service, mailbox } = await startMailing(t, {
    EMAIL_VERIFICATION: 'mandatory',
    EMAIL_VERIFICATION_CONFIRM_BUTTON: 'true',
    JWT_ALLAUTH_SESSION_ON_EMAIL_VERIFICATION: 'true'
  })
  const attacker = newPerson('mallory')
  await signUp(newClient(service), attacker)
  const mail = await mailbox.next(attacker.email)
  const { email } = attacker
  const confirming = [
    [pathOf(linkIn(mail)), {}],
    ['/registration/verification/code/', { email, code: codeIn(mail) }]
  ] as const
  const victim = newClient(service)
  const post = (path: string, fields: Record<string, string>, headers: Record<string, string>) =>
    postForm(service, path, fields, victim, headers)
  for (const headers of foreign)
    for (const [path, fields] of confirming) {
      const answer = await post(path, fields, headers)
      assert.deepEqual([answer.statusCode, answer.headers['set-cookie']], [403, undefined], path)
    }
  // Not used up: a link that is refused for a reason that can pass still works.
  assertProblem(await signIn(newClient(service), attacker), 401, 'email_not_verified')
  const browser = await opened(service, linkIn(mail))
  const own = { origin: 'http://localhost:3000', 'sec-fetch-site': 'same-origin' }
  const page = '/registration/verification/'
  assert.equal((await postForm(service, page, {}, browser, foreign[0])).statusCode, 403)
  assert.equal((await postForm(service, page, {}, browser, own)).statusCode, 303)

  await askReset(newClient(service), email)
  const fields = { email, code: codeIn(await mailbox.next(email)) }
  for (const headers of foreign)
    assert.equal((await post('/password/reset/code/', fields, headers)).statusCode, 403)
  assert.equal((await post('/password/reset/code/', fields, own)).statusCode, 303)
})
