import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp, type TestApp } from '../support/app.js'
import { patient } from '../support/expect.js'
import { appCode, enrol } from '../support/factor.js'
import { queuedLink, unsent } from '../support/links.js'
import { newMember, type Person, refreshCookie, signedIn } from '../support/people.js'
import { statementsOf } from '../support/statements.js'
import { newVisitor } from '../support/visitor.js'

const settings = {
  ...patient,
  ...unsent,
  EMAIL_VERIFICATION: 'optional',
  JWT_ALLAUTH_MFA_TOTP_MODE: 'optional',
  APP_URL: 'https://app.example.com/'
}

const confirm = (service: TestApp, { email }: Person) =>
  service.query('UPDATE "User" SET "emailVerifiedAt" = now() WHERE "email" = $1', [email])

/** Somebody at a browser who is signed in. */
async function newOwner(service: TestApp) {
  const { person, client } = await newMember(service)
  await confirm(service, person)
  const visitor = newVisitor(service, client.cookies)
  return { person, client, visitor }
}

const paths = [
  '',
  'profile/',
  'email/',
  'password/',
  'mfa/',
  'mfa/setup/',
  'mfa/codes/',
  'devices/',
  'activity/',
  'export/',
  'delete/'
]

test('the pages of the account', async t => {
  const service = await startApp(t, settings)

  await t.test('ACC-09 a form closes the account, and the link in the mail keeps it', async () => {
    const { person, client, visitor } = await newOwner(service)
    const other = await signedIn(service, person)
    assert.match((await visitor.open('/account/')).body, /href="\/account\/delete\/"/)
    const page = await visitor.open('/account/delete/')
    const until = new Intl.DateTimeFormat('en', {
      dateStyle: 'long',
      timeStyle: 'short',
      timeZone: 'UTC'
    }).format(service.clock().getTime() + 14 * 86_400_000)
    assert.match(page.body, new RegExp(`Until ${until}\u00a0UTC you can bring it back`))
    assert.doesNotMatch(page.body, /name="code"/)
    assert.match(
      page.body,
      /<button class="danger">Delete your account<.*href="\/account\/">Cancel</s
    )
    assert.doesNotMatch(page.body, /Enter your password again/)

    const fields = { form_key: '3f1c1f3e-2f53-4c55-9d3b-0a6f1f0d2c31', password: 'not this one' }
    const wrong = await visitor.post('/account/delete/', fields)
    assert.equal(wrong.statusCode, 400)
    assert.match(wrong.body, /The password is not right\..*<h1>|<h1>.*The password is not right\./s)
    assert.equal((await visitor.open('/account/')).statusCode, 200)
    assert.equal((await visitor.post('/account/delete/', {})).statusCode, 400)

    const stranger = await newVisitor(service).post('/account/delete/', {})
    assert.match(String(stranger.headers.location), /^\/login\//)

    const cookies = new Map(visitor.cookies)
    fields.password = person.password
    const done = await visitor.post('/account/delete/', fields)
    assert.equal(done.statusCode, 200, done.body)
    assert.match(
      done.body,
      /Your account will be deleted.*Until .* bring it back.*app\.example\.com/s
    )
    assert.ok(!visitor.cookies.has(refreshCookie))
    const twice = await newVisitor(service, cookies).post('/account/delete/', fields)
    assert.deepEqual([twice.statusCode, twice.body], [200, done.body], 'a second click')
    for (const each of [client, other])
      assert.equal((await each.send('GET', '/user/')).statusCode, 401)
    const link = await queuedLink(service, person.email, /user\/delete\/undo/)
    await visitor.open(link)
    assert.equal((await visitor.post('/user/delete/undo/', {})).statusCode, 303)
    await signedIn(service, person)
  })

  await t.test('ACC-09 with the second factor on the form asks for a code too', async () => {
    const { person, client, visitor } = await newOwner(service)
    const setup = await visitor.post('/account/mfa/setup/', { code: 'six' })
    assert.equal(setup.statusCode, 400)
    assert.match(setup.body, /id="code-errors"/)
    const { secret, recoveryCodes } = await enrol(service, client)
    visitor.cookies.set(refreshCookie, client.refreshToken ?? '')
    await service.advance(30)
    assert.match((await visitor.open('/account/delete/')).body, /name="code"/)
    const recovery = await visitor.open('/account/delete/?method=recovery')
    assert.match(recovery.body, /name="recovery_code"/)
    const { password } = person
    const malformed = await visitor.post('/account/delete/', { password, code: 'six' })
    assert.match(malformed.body, /id="code-errors"/)
    assert.match(malformed.body, /Enter the 6 digits of the code\./)
    // The password is not shown again, so the page asks for it.
    assert.match(
      malformed.body,
      /id="password"[^>]*aria-describedby="password-hint".*id="password-hint">Enter your password again\./s
    )
    const without = await visitor.post('/account/delete/', { password })
    assert.equal(without.statusCode, 400)
    assert.match(without.body, /id="code-errors"/)
    const wrong = await visitor.post('/account/delete/', { password, recovery_code: 'AAAA-AAAA' })
    assert.equal(wrong.statusCode, 400)
    assert.match(wrong.body, /id="recovery_code-errors"/)
    const code = appCode(secret, service.clock())
    assert.equal((await visitor.post('/account/delete/', { password, code })).statusCode, 200)

    await visitor.open(await queuedLink(service, person.email, /user\/delete\/undo/))
    await visitor.post('/user/delete/undo/', {})
    await visitor.post('/login/', person)
    await visitor.post('/mfa/challenge/page/', { recovery_code: recoveryCodes[0] ?? '' })
    const fields = { password, recovery_code: recoveryCodes[1] ?? '' }
    assert.equal((await visitor.post('/account/delete/', fields)).statusCode, 200)
  })

  await t.test(
    'ACC-09 an address that was never confirmed has no way back, and the page says so',
    async () => {
      const { person, client } = await newMember(service)
      const visitor = newVisitor(service, client.cookies)
      assert.match((await visitor.open('/account/delete/')).body, /at once.*cannot be undone/s)
      const done = await visitor.post('/account/delete/', { password: person.password })
      assert.match(done.body, /Your account was deleted.*app\.example\.com/s)
    }
  )

  await t.test('PAG-10 each page takes at most three statements', async () => {
    const { client, visitor } = await newOwner(service)
    const count = async (path: string) => {
      const statements = await statementsOf(async () => {
        assert.ok((await visitor.open(`/account/${path}`)).statusCode < 400, path)
      })
      assert.ok(statements.length > 0, 'statements are counted')
      const names = statements.map(({ name, text }) => `${name} ${text.slice(0, 60)}`)
      assert.ok(names.length <= 3, `/account/${path}: ${names.join('; ')}`)
    }
    // The first visit makes the secret, under the lock of the account.
    await visitor.open('/account/mfa/setup/')
    for (const path of paths) await count(path)
    await enrol(service, client)
    visitor.cookies.set(refreshCookie, client.refreshToken ?? '')
    for (const path of ['', 'mfa/', 'delete/']) await count(path)
  })
})

test('ACC-09 without a grace the page says before that there is no way back', async t => {
  const service = await startApp(t, { ...settings, ACCOUNT_DELETION_GRACE: '0' })
  const { person, visitor } = await newOwner(service)
  assert.match((await visitor.open('/account/delete/')).body, /at once.*cannot be undone/s)
  const done = await visitor.post('/account/delete/', { password: person.password })
  assert.match(done.body, /Your account was deleted/)
  assert.deepEqual(
    await service.query('SELECT 1 FROM "User" WHERE "email" = $1', [person.email]),
    []
  )
})
