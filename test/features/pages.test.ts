import assert from 'node:assert/strict'
import { test } from 'node:test'
import { auditEvents, byOwner, record } from '../../src/audit/record.js'
import { languageNames } from '../../src/base/i18n/language-names.js'
import { allowedReturn } from '../../src/base/return-url.js'
import { startApp } from '../support/app.js'
import { assertProblem, patient } from '../support/expect.js'
import { appCode, challengeFor, newEnrolled } from '../support/factor.js'
import { unsent } from '../support/links.js'
import { newMember, newPerson, refresh, refreshCookie } from '../support/people.js'
import { newVisitor } from '../support/visitor.js'

const own = {
  PUBLIC_URL: 'https://auth.example.com',
  BASE_PATH: '',
  HOSTED_PAGES: true,
  RETURN_URLS: ['https://app.example.com/', 'https://shop.example.com:8443/done']
}

const refused = [
  '',
  '/',
  '//evil.example',
  '///evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  'app.example.com',
  'https:',
  'https://',
  'https:///evil.example',
  'https://evil.example/',
  'https://evil.example/https://app.example.com/',
  'https://evil.example?https://app.example.com/',
  'https://evil.example#https://app.example.com/',
  'https://app.example.com.evil.example/',
  'https://app.example.com@evil.example/',
  'https://app.example.com:pw@evil.example/',
  'https://evil.example@app.example.com/',
  'https://:pw@app.example.com/',
  'https://evil.example\\@app.example.com/',
  'https://evil.example\\.app.example.com/',
  'https://app.example.com%2eevil.example/',
  'https://app.example.com%00.evil.example/',
  'https://app.example.com:444/',
  'http://app.example.com/',
  'https://sub.app.example.com/',
  'https://example.com/',
  'https://app.example.co/',
  'https://app．evil.example/',
  'https://ａpp.example.com.evil.example/',
  'https://xn--pp-1ea.example.com/',
  'https://shop.example.com:8443/done/more',
  'https://shop.example.com:8443/done/../other',
  'https://shop.example.com:8443/don',
  'https://shop.example.com:8443/Done',
  'https://shop.example.com/done',
  'javascript:alert(1)',
  'java\tscript:alert(1)',
  'JaVaScRiPt://app.example.com/%0aalert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:msgbox(1)',
  'ftp://app.example.com/',
  'blob:https://app.example.com/1',
  'filesystem:https://app.example.com/1',
  'file:///etc/passwd',
  'custom-app://app.example.com/',
  'https://[::1]/',
  'https://127.0.0.1/',
  'https://auth.example.com/',
  'https://auth.example.com/account/../login/',
  `https://app.example.com/${'x'.repeat(2100)}`
]

test('PAG-07 a return_to that no entry of RETURN_URLS allows is refused, whatever its shape', () => {
  for (const shape of refused) assert.equal(allowedReturn(own, shape), null, shape)
  for (const shape of [undefined, null, ['https://app.example.com/'], {}, 7])
    assert.equal(allowedReturn(own, shape), null)
  assert.ok(refused.length >= 40)
})

const allowed: [sent: string, target: string][] = [
  ['https://app.example.com/', 'https://app.example.com/'],
  ['https://app.example.com', 'https://app.example.com/'],
  ['HTTPS://APP.example.com:443/a?b=c#d', 'https://app.example.com/a?b=c#d'],
  ['https://app.example.com\\@evil.example', 'https://app.example.com/@evil.example'],
  ['https://app.example.com//evil.example', 'https://app.example.com//evil.example'],
  [' https://app.example.com/x\n', 'https://app.example.com/x'],
  ['https:app.example.com/x', 'https://app.example.com/x'],
  ['https://shop.example.com:8443/done?order=1', 'https://shop.example.com:8443/done?order=1'],
  ['https://auth.example.com/account/devices/', 'https://auth.example.com/account/devices/']
]

test('PAG-07 an allowed return_to goes where the check looked', () => {
  for (const [sent, target] of allowed) assert.equal(allowedReturn(own, sent), target, sent)
  assert.equal(allowedReturn({ ...own, HOSTED_PAGES: false }, `${own.PUBLIC_URL}/account/`), null)
})

const app = 'https://app.example.com/start?from=here'

test('the sign-in page signs in by cookie and leads back to the app', async t => {
  const service = await startApp(t, {
    ...patient,
    RETURN_URLS: 'https://app.example.com/',
    APP_URL: 'https://home.example.com/'
  })
  const { person } = await newMember(service)
  const { open, post, cookies } = newVisitor(service)
  const page = await open(`/login/?return_to=${encodeURIComponent(app)}`)
  assert.equal(page.statusCode, 200)
  const policy = String(page.headers['content-security-policy'])
  assert.doesNotMatch(policy, /unsafe|\*/)
  assert.match(
    policy,
    /form-action 'self' https:\/\/home\.example\.com https:\/\/app\.example\.com/
  )
  assert.match(policy, /frame-ancestors 'none'/)
  const wrong = await post('/login/', { email: person.email, password: 'not this one' })
  assert.equal(wrong.statusCode, 401)
  assert.match(wrong.body, /The email address or the password is not right\./)
  assert.match(wrong.body, new RegExp(`value="${person.email}"`))
  assert.doesNotMatch(wrong.body, /not this one/)
  const done = await post('/login/', person)
  assert.deepEqual([done.statusCode, done.headers.location], [303, app])
  assert.ok(cookies.has(refreshCookie) && !cookies.has('return_to'))
  assert.match((await open('/login/')).body, /You are signed in.*https:\/\/home\.example\.com/s)

  // Without a remembered address, and with a refused one, the app is next.
  const other = newVisitor(service)
  await other.open('/login/?return_to=https://evil.example/')
  const home = await other.post('/login/', person)
  assert.equal(home.headers.location, 'https://home.example.com/')
  const out = await other.post('/logout/', {})
  assert.deepEqual([out.statusCode, out.headers.location], [303, '/logout/'])
  assert.ok(!other.cookies.has(refreshCookie))
  assert.match((await other.open('/logout/')).body, /You are signed out/)
  assert.equal((await other.post('/logout/', {})).headers.location, '/logout/')
})

test('the account is read by the session cookie, which no page rotates', async t => {
  const service = await startApp(t, patient)
  const { person, client } = await newMember(service)
  const { open, post, cookies } = newVisitor(service)
  const away = await open('/account/devices/')
  assert.equal(away.statusCode, 303)
  const back = new URL(String(away.headers.location), 'http://localhost:3000')
  assert.equal(back.pathname, '/login/')
  assert.equal(back.searchParams.get('return_to'), 'http://localhost:3000/account/devices/')
  await open(String(away.headers.location))
  assert.equal((await post('/login/', person)).headers.location, '/account/devices/')

  const before = cookies.get(refreshCookie)
  for (const path of ['', 'profile/', 'email/', 'password/', 'devices/', 'activity/'])
    assert.equal((await open(`/account/${path}`)).statusCode, 200, path)
  assert.equal(cookies.get(refreshCookie), before)
  assert.equal((await open('/account/mfa/')).statusCode, 404)
  assertProblem(await service.inject({ method: 'GET', url: '/account/' }), 401, 'not_authenticated')

  // Not a bearer, and not a token that the session has left behind.
  const bearer = await service.inject({
    method: 'GET',
    url: '/account/',
    headers: { authorization: `Bearer ${client.access}` }
  })
  assertProblem(bearer, 401, 'not_authenticated')
  for (let time = 0; time < 3; time++) {
    await service.advance(60)
    client.cookies.set(refreshCookie, cookies.get(refreshCookie) ?? '')
    await refresh(client)
    cookies.set(refreshCookie, client.cookies.get(refreshCookie) ?? '')
  }
  cookies.set(refreshCookie, before ?? '')
  assert.equal((await open('/account/')).statusCode, 303)
  const foreign = await service.inject({
    method: 'POST',
    url: '/account/devices/end-others/',
    headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    cookies: { [refreshCookie]: client.cookies.get(refreshCookie) ?? '' },
    payload: {}
  })
  assertProblem(foreign, 403, 'cross_site_request')
})

test('names, address, password and devices are changed in the account', async t => {
  const service = await startApp(t, { ...patient, EMAIL_VERIFICATION: 'optional' })
  const { person } = await newMember(service)
  const { open, post } = newVisitor(service)
  await open('/login/')
  assert.equal((await post('/login/', person)).headers.location, '/account/')
  assert.match((await open('/account/')).body, /not confirmed yet/)

  const saved = await post('/account/profile/', { first_name: 'Ada', last_name: 'Łovelace' })
  assert.equal(saved.headers.location, '/account/?done=profile')
  assert.match((await open('/account/?done=profile')).body, /Your changes are saved.*Ada Łovelace/s)
  assert.doesNotMatch((await open('/account/?done=<b>')).body, /<b>/)

  const { email } = newPerson('moved')
  const wrong = await post('/account/email/', { email, password: 'not this one' })
  assert.equal(wrong.statusCode, 400)
  assert.match(wrong.body, /The password is not right/)
  const { password } = person
  const asked = await post('/account/email/', { email, password })
  assert.equal(asked.headers.location, '/account/email/?done=email_pending')
  assert.match((await open('/account/email/')).body, new RegExp(`confirmation: ${email}`))

  const refusedData = await post('/account/export/', { password: 'not this one' })
  assert.equal(refusedData.statusCode, 400)
  const data = await post('/account/export/', { password })
  assert.match(
    String(data.headers['content-disposition']),
    /^attachment; filename="account\.json"$/
  )
  assert.equal(data.json().account.email, person.email)

  const others = newVisitor(service)
  await others.post('/login/', person)
  const devices = await open('/account/devices/')
  assert.match(devices.body, /This device/)
  const ids = [...devices.body.matchAll(/name="id" value="([^"]+)"/g)].map(([, id]) => id ?? '')
  assert.equal(ids.length, 3)
  const ended = await post('/account/devices/end/', { id: ids[1] ?? '' })
  assert.equal(ended.headers.location, '/account/devices/?done=device_ended')
  assert.equal((await post('/account/devices/end-others/', {})).statusCode, 303)
  assert.equal((await others.open('/account/')).statusCode, 303)

  const next = 'entirely other words'
  const fields = { old_password: password, new_password1: next, new_password2: next }
  const changed = await post('/account/password/', fields)
  assert.equal(changed.headers.location, '/account/?done=password')
  assert.equal((await open('/account/')).statusCode, 200)
  const events = eventsOn(await open('/account/activity/'))
  assert.equal(events[0], 'Password changed', 'the new session is no sign-in')
  assert.equal(events.filter(event => event === 'Signed in').length, 3)
  const trail = await service.query(
    `SELECT "details"->'renewed' AS "renewed" FROM "AuditEvent" WHERE "event" = 'session.opened' AND "details" ? 'renewed'`
  )
  assert.deepEqual(trail, [{ renewed: true }])
  const self = /name="id" value="([^"]+)"/.exec((await open('/account/devices/')).body)?.[1] ?? ''
  assert.equal((await post('/account/devices/end/', { id: self })).headers.location, '/logout/')
  assert.equal((await open('/account/')).statusCode, 303)
})

/** The sentences of the activity page, newest first. */
const eventsOn = ({ body }: { body: string }) =>
  [...body.matchAll(/<li><h2>([^<]+)</g)].map(([, sentence]) => sentence)

test('the activity says in words what happened', async t => {
  const service = await startApp(t, { ...patient, JWT_ALLAUTH_MFA_TOTP_MODE: 'optional' })
  const { person, client } = await newEnrolled(service)
  const visitor = newVisitor(service, client.cookies)
  await challengeFor(service, person)
  assert.equal(
    eventsOn(await visitor.open('/account/activity/'))[0],
    'Sign-in started: we asked for the code'
  )

  const required = await startApp(t, { ...patient, JWT_ALLAUTH_MFA_TOTP_MODE: 'required' })
  const browser = newVisitor(required)
  const { email, password } = newPerson()
  await browser.post('/registration/', { email, password1: password, password2: password })
  const page = await browser.open('/mfa/setup/')
  const secret = /class="secret">([A-Z2-7 ]+)</.exec(page.body)?.[1]?.replaceAll(' ', '') ?? ''
  await browser.post('/mfa/setup/page/', { code: appCode(secret, required.clock()) })
  assert.deepEqual(eventsOn(await browser.open('/account/activity/')), [
    'Signed in',
    'Two-step sign-in turned on',
    'Sign-in started: we asked to turn on two-step sign-in',
    'Account created'
  ])
  // Every event that the trail can have of a person has a sentence.
  const [{ id: userId } = { id: '' }] = await required.query<{ id: string }>(
    'SELECT "id" FROM "User"'
  )
  const rest = auditEvents.filter(
    event => !/^(account\.(deleted|yielded)|accounts\.|invitation\.revoked)/.test(event)
  )
  for (const event of rest) {
    const outcome = /failed|reused/.test(event) ? 'failure' : 'success'
    await record(required.app.deps.db, {
      event,
      outcome,
      ...byOwner(userId),
      sender: { ip: null, userAgent: null }
    })
  }
  const first = await browser.open('/account/activity/')
  const older = /before=([0-9a-f-]+)/.exec(first.body.replaceAll('&#x3D;', '='))?.[1]
  const second = await browser.open(`/account/activity/?before=${older}`)
  assert.doesNotMatch(first.body + second.body, /Other event/)
})

test('PAG-08 the language of the account is chosen in its profile, for pages and mails', async t => {
  const service = await startApp(t, { ...patient, ...unsent })
  const { person, client } = await newMember(service)
  const visitor = newVisitor(service, client.cookies)
  const shown = await visitor.open('/account/profile/')
  assert.match(shown.body, /<option value="en" lang="en" selected>English<.*lang="ko">한국어</s)
  assert.equal(shown.body.match(/<option/g)?.length, languageNames.length)
  // At the foot of a page the choice is one of this browser.
  await visitor.open('/account/?lang=fr')
  const localeOf = async () =>
    (await service.query('SELECT "locale" FROM "User" WHERE "email" = $1', [person.email]))[0]
  assert.deepEqual(await localeOf(), { locale: 'en' })

  const names = { first_name: 'Ada', last_name: 'Lovelace' }
  for (const language of ['xx', '', 'DE']) {
    const refused = await visitor.post('/account/profile/', { ...names, language })
    assert.equal(refused.statusCode, 400, language)
  }
  assert.equal(
    (await visitor.post('/account/profile/', { ...names, language: 'de' })).statusCode,
    303
  )
  assert.deepEqual(await localeOf(), { locale: 'de' })
  assert.match(
    (await visitor.open('/account/?done=profile')).body,
    /<html lang="de">.*Ihre Änderungen sind gespeichert/s
  )
  // Names alone leave it, and so does the API.
  await visitor.post('/account/profile/', names)
  await client.send('PATCH', '/user/', { first_name: 'Ada' })
  assert.deepEqual(await localeOf(), { locale: 'de' })
  // On another device the account's language counts, and its mails have it.
  const { password } = person
  const next = 'entirely other words'
  const other = newVisitor(service)
  await other.post('/login/', { email: person.email, password })
  assert.match((await other.open('/account/')).body, /<html lang="de">/)
  await other.post('/account/password/', {
    old_password: password,
    new_password1: next,
    new_password2: next
  })
  const mails = await service.query(
    `SELECT "locale" FROM "Mail" WHERE "template" = 'password-changed' AND "recipient" = $1`,
    [person.email]
  )
  assert.deepEqual(mails, [{ locale: 'de' }])
})

test('PAG-05 a form that is sent twice has one effect and one answer', async t => {
  const service = await startApp(t, patient)
  const visitor = newVisitor(service)
  const person = newPerson()
  const { email, password } = person
  await visitor.open('/registration/')
  const form_key = '3f1c1f3e-2f53-4c55-9d3b-0a6f1f0d2c11'
  const fields = { email, password1: password, password2: password, form_key }
  const [first, second] = await Promise.all([
    visitor.post('/registration/', fields),
    newVisitor(service).post('/registration/', fields)
  ])
  for (const answer of [first, second]) assert.equal(answer.headers.location, '/account/')
  assert.deepEqual(second.headers['set-cookie'], first.headers['set-cookie'])
  const count = async () =>
    (await service.query<{ n: number }>('SELECT count(*)::int AS n FROM "Session"'))[0]?.n
  assert.equal(await count(), 1)

  // Another form, other fields, and the first one after ten minutes: each is new.
  const sealed = await service.query<{ text: string }>(
    `SELECT encode("sealedAnswer", 'escape') AS text FROM "FormAnswer"`
  )
  assert.doesNotMatch(JSON.stringify(sealed), /refresh_token|account/)
  const signIn = { email, password, form_key: form_key.replace('3', '4') }
  await visitor.post('/login/', signIn)
  await visitor.post('/login/', signIn)
  assert.equal(await count(), 2)
  await service.advance(601)
  await visitor.post('/login/', signIn)
  assert.equal(await count(), 3)

  // A refused form can be corrected and sent again, and a second change of password is the first.
  const wrong = { email, password: 'not this one', form_key: form_key.replace('3', '5') }
  for (let time = 0; time < 2; time++)
    assert.equal((await visitor.post('/login/', wrong)).statusCode, 401)
  const words = 'entirely other words'
  const change = {
    old_password: password,
    new_password1: words,
    new_password2: words,
    form_key: form_key.replace('3', '6')
  }
  const cookies = new Map(visitor.cookies)
  const once = await visitor.post('/account/password/', change)
  // The second click went out with the cookie of before.
  const late = newVisitor(service, cookies)
  const twice = await late.post('/account/password/', change)
  assert.equal(twice.headers.location, once.headers.location)
  assert.equal((await late.open('/account/')).statusCode, 200)
})

test('errors, unknown paths and refused methods are pages to a navigation, with a way back', async t => {
  const service = await startApp(t, { ...patient, BASE_PATH: '/auth' })
  const { open, post } = newVisitor(service)
  const missing = await open('/auth/nothing/here')
  assert.equal(missing.statusCode, 404)
  assert.match(missing.body, /Page not found.*href="\/auth\/".*not_found \(404\)/s)
  const method = await open('/auth/password/change/')
  assert.equal(method.statusCode, 405)
  assert.equal(method.headers.allow, 'POST')
  assert.match(method.body, /Back to the start.*method_not_allowed \(405\)/s)
  assert.match((await open('/auth/user/')).body, /not_authenticated \(401\)/)
  assert.equal((await post('/auth/nothing/', {})).statusCode, 404)
  for (const accept of ['application/json', '*/*'])
    assertProblem(
      await service.inject({ method: 'GET', url: '/nothing', headers: { accept } }),
      404,
      'not_found'
    )
})

test('the first page leads on, and in development says what there is', async t => {
  const service = await startApp(t, patient)
  const { open } = newVisitor(service)
  const { body } = await open('/')
  assert.match(body, /href="\/docs\/".*href="\/health\/ready"/s)
  assert.match(body, /Next steps.*EMAIL_VERIFICATION=mandatory.*TOTP_MODE=optional.*APP_URL/s)
})

test('the first page of development names no step that is done or that does not apply', async t => {
  const bodyWith = async (settings: Readonly<Record<string, string>>) =>
    (await newVisitor(await startApp(t, { ...patient, ...settings })).open('/')).body
  const some = await bodyWith({
    EMAIL_VERIFICATION: 'optional',
    JWT_ALLAUTH_MFA_TOTP_MODE: 'optional'
  })
  assert.match(some, /href="\/registration\/".*Next steps.*APP_URL/s)
  assert.doesNotMatch(some, /EMAIL_VERIFICATION|TOTP_MODE/)
  const all = await bodyWith({
    ...unsent,
    EMAIL_VERIFICATION: 'none',
    JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION: 'true',
    JWT_ALLAUTH_MFA_TOTP_MODE: 'required',
    APP_URL: 'https://app.example.com/',
    RETURN_URLS: 'https://app.example.com/'
  })
  assert.doesNotMatch(all, /Next steps|Create an account|EMAIL_VERIFICATION|APP_URL/)
})

test('the page of the API has our logo, and its links to the guides lead somewhere', async t => {
  const service = await startApp(t, {
    ...patient,
    BRAND_LOGO_URL: 'https://cdn.example.com/logo.svg'
  })
  const get = (url: string) => service.inject({ method: 'GET', url })
  const page = await get('/docs/')
  assert.match(
    String(page.headers['content-security-policy']),
    /data: https:\/\/cdn\.example\.com;/
  )
  const sheet = (await get('/docs/static/theme/postern.css')).body
  assert.match(sheet, /url\("https:\/\/cdn\.example\.com\/logo\.svg"\)/)
  const { description } = (await get('/docs/json')).json().info
  const guides = [...description.matchAll(/\]\((\/docs\/guides\/[^)]+)\)/g)].map(([, url]) => url)
  assert.ok(guides.length >= 4)
  for (const url of guides) {
    const guide = await get(url)
    assert.equal(guide.headers['content-type'], 'text/plain; charset=utf-8')
    assert.match(guide.body, /^# /, url)
  }
})

test('HOSTED_PAGES=false leaves the pages of mailed links only', async t => {
  const service = await startApp(t, { ...patient, HOSTED_PAGES: 'false' })
  const { open, post } = newVisitor(service)
  for (const path of ['/', '/account/', '/account/password/'])
    assert.equal((await open(path)).statusCode, 404, path)
  for (const path of ['/login/', '/registration/', '/logout/']) {
    assert.equal((await open(path)).statusCode, 405, path)
    assert.equal((await post(path, { x: '1' })).statusCode, 415, path)
  }
  assert.equal((await open('/password/reset/')).statusCode, 200)
  assert.doesNotMatch((await open('/password/reset/complete/')).body, /href="\/login/)
})

test('an installation with invitations only says so', async t => {
  const service = await startApp(t, {
    ...patient,
    JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION: 'true'
  })
  const { open } = newVisitor(service)
  assert.match((await open('/registration/')).body, /By invitation only/)
  assert.doesNotMatch((await open('/login/')).body, /registration/)
})

test('an address that is not confirmed, and too many attempts, are said on the sign-in page', async t => {
  const service = await startApp(t, { EMAIL_VERIFICATION: 'mandatory' })
  const { open, post } = newVisitor(service)
  const { email, password } = newPerson()
  await open('/registration/')
  const sent = await post('/registration/', { email, password1: password, password2: password })
  assert.match(sent.body, /Confirm your address/)
  assert.match(sent.body, new RegExp(`value="${email}"`))
  const early = await post('/login/', { email, password })
  assert.equal(early.statusCode, 401)
  assert.match(early.body, /not confirmed yet.*verification\/resend/s)
  let answer = early
  for (let time = 0; time < 12 && answer.statusCode !== 429; time++)
    answer = await post('/login/', { email, password: 'not this one' })
  assert.equal(answer.statusCode, 429)
  assert.ok(Number(answer.headers['retry-after']) > 0)
  assert.match(answer.body, /Too many attempts\. Try again in \d+ (second|minute)/)
})

test('PAG-08 a language that is chosen on a page stays, and nothing else of the address changes', async t => {
  const service = await startApp(t, {
    ...patient,
    ...unsent,
    EMAIL_VERIFICATION: 'mandatory',
    BASE_PATH: '/auth',
    RETURN_URLS: 'https://app.example.com/'
  })
  const { open, post, cookies } = newVisitor(service)
  const first = await open('/auth/login/?return_to=https://app.example.com/x')
  assert.match(first.body, /<summary aria-label="Language: English">/)
  const links = [...first.body.matchAll(/<a href="([^"]+)" lang="([^"]+)"/g)]
  assert.deepEqual(
    links.map(([, , tag]) => tag),
    languageNames
  )
  const german = links.find(([, , tag]) => tag === 'de')?.[1]?.replaceAll('&#x3D;', '=') ?? ''
  assert.equal(
    german.replaceAll('&amp;', '&'),
    '/auth/login/?return_to=https%3A%2F%2Fapp.example.com%2Fx&lang=de'
  )
  const page = await open(german.replaceAll('&amp;', '&'))
  assert.match(
    page.body,
    /<html lang="de">.*aria-label="Sprache: Deutsch".*aria-current="true">Deutsch</s
  )
  assert.equal(cookies.get('postern_language'), 'de')
  assert.ok(cookies.has('return_to'))
  assert.match((await open('/auth/password/reset/')).body, /<html lang="de">/)
  // The mail to a new account, and the account, have it too.
  const { email, password } = newPerson()
  await post('/auth/registration/', { email, password1: password, password2: password })
  const [user] = await service.query('SELECT "locale" FROM "User" WHERE "email" = $1', [email])
  assert.deepEqual(user, { locale: 'de' })

  // An answer without an address of its own leads to the first page; so does an unknown address.
  const answered = await post('/auth/registration/verification/resend/', { email })
  assert.match(answered.body, /href="\/auth\/\?lang/)
  for (const url of ['/auth/nothing', '//evil.example/auth/login/', '/auth/account/mfa/renew/'])
    assert.match((await open(url)).body, /href="\/auth\/\?lang/, url)
  const slashes = await open('/auth/login/?a=//evil.example&lang=ru&lang=de')
  assert.doesNotMatch(slashes.body, /href="(?!\/auth\/)[^"]*lang/)
  for (const unknown of ['xx', '', '<b>', 'd'.repeat(5000)])
    assert.match((await open(`/auth/login/?lang=${unknown}`)).body, /<html lang="de">/)
  const json = {
    method: 'GET',
    url: '/auth/user/?lang=fr',
    cookies: { postern_language: 'de' }
  } as const
  assert.equal((await service.inject(json)).headers['content-language'], 'en')
})

test('PAG-09 help, privacy and terms are at the foot of every page, and the last two on the sign-up page', async t => {
  const links = {
    SUPPORT_URL: 'mailto:help@example.com',
    PRIVACY_URL: 'https://example.com/privacy',
    TERMS_URL: 'https://example.com/terms?v=2'
  }
  const service = await startApp(t, { ...patient, ...links })
  const { open } = newVisitor(service)
  const count = ({ body }: { body: string }) =>
    Object.values(links).map(
      url => body.replaceAll('&#x3D;', '=').split(`href="${url}"`).length - 1
    )
  assert.deepEqual(count(await open('/login/')), [1, 1, 1])
  assert.deepEqual(count(await open('/nothing/')), [1, 1, 1])
  const signUp = await open('/registration/')
  assert.deepEqual(count(signUp), [1, 2, 2])
  assert.match(signUp.body, /before you create an account/)
  const plain = newVisitor(await startApp(t, patient))
  assert.doesNotMatch((await plain.open('/registration/')).body, /before you create|Privacy|Help/)
})
