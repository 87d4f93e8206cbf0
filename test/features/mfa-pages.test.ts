import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp, type TestApp } from '../support/app.js'
import { cookieOf, patient } from '../support/expect.js'
import { appCode, challengeFor, enrol, newEnrolled, wrongCode } from '../support/factor.js'
import { openMailbox } from '../support/mailbox.js'
import {
  type Answer,
  type Client,
  claimsOf,
  newClient,
  newMember,
  newPerson,
  type Person,
  refresh,
  refreshCookie
} from '../support/people.js'

const required = { JWT_ALLAUTH_MFA_TOTP_MODE: 'required', ...patient }
const cookie = 'mfa_challenge'

/** A browser: asks for pages, posts forms, says where from. */
function newBrowser(service: TestApp) {
  const client = newClient(service)
  const own = { accept: 'text/html', 'sec-fetch-site': 'same-origin' }
  return {
    client,
    open: (url: string) => client.send('GET', url, undefined, own),
    post: async (url: string, fields: Record<string, string>, headers: object = {}) => {
      const answer: Answer = await service.app.inject({
        method: 'POST',
        url,
        payload: new URLSearchParams(fields).toString(),
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          // What a browser sends with a form of a page that sends no referrer.
          origin: 'null',
          ...own,
          ...headers
        },
        // No header at all where there is no cookie: that is a case of its own.
        ...(client.cookies.size === 0 ? {} : { cookies: Object.fromEntries(client.cookies) })
      })
      keep(client, answer)
      return answer
    }
  }
}

function keep({ cookies }: Client, answer: Answer) {
  for (const line of [answer.headers['set-cookie'] ?? []].flat()) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(String(line)) ?? []
    if (value === '') cookies.delete(name)
    else cookies.set(name, value)
  }
}

const secretOn = ({ body }: Answer): string =>
  (/class="secret">([A-Z2-7 ]+)</.exec(body)?.[1] ?? '').replaceAll(' ', '')
const codesOn = ({ body }: Answer): string[] =>
  [...body.matchAll(/<li>([A-Z2-9-]{19})<\/li>/g)].map(([, code]) => code as string)

function assertPage(answer: Answer, status: number, text: RegExp) {
  assert.equal(answer.statusCode, status, answer.body)
  assert.match(String(answer.headers['content-type']), /^text\/html/)
  assert.match(answer.body, text)
}

function assertRedirect(answer: Answer, status: number, location: string) {
  assert.deepEqual([answer.statusCode, answer.headers.location], [status, location], answer.body)
}

test('required: forms lead from a mail to signed in', async t => {
  const mailbox = await openMailbox(t)
  const service = await startApp(t, {
    ...required,
    ...mailbox.settings,
    EMAIL_VERIFICATION: 'mandatory',
    JWT_ALLAUTH_SESSION_ON_EMAIL_VERIFICATION: 'true',
    JWT_ALLAUTH_INVITATIONS: 'true',
    BASE_PATH: '/auth'
  })
  const { clock, query } = service

  /** From the setup page on: shows the secret, takes its code, shows codes, is done. */
  async function walkSetup({ client, open, post }: ReturnType<typeof newBrowser>) {
    const shown = await open('/auth/mfa/setup/')
    assertPage(shown, 200, /data:image\/svg\+xml/)
    const secret = secretOn(shown)
    assert.match(secret, /^[A-Z2-7]{32}$/)
    assert.equal(secretOn(await open('/auth/mfa/setup/')), secret, 'a reload shows the same')
    const wrong = await post('/auth/mfa/setup/page/', { code: wrongCode(secret, clock()) })
    assertPage(wrong, 400, /This code is not right\./)
    assert.equal(secretOn(wrong), secret)
    assertPage(
      await post('/auth/mfa/setup/page/', { code: '12345' }),
      400,
      /Enter the 6 digits of the code\./
    )
    const done = await post('/auth/mfa/setup/page/', { code: ` ${appCode(secret, clock())} ` })
    assertRedirect(done, 303, '/auth/mfa/setup/page/codes/')
    assert.equal(cookieOf(done, cookie)?.attributes['Max-Age'], '0')
    const signedIn = client.cookies.has(refreshCookie)
    // Back from the codes.
    const back = await open('/auth/mfa/setup/')
    if (signedIn) assertRedirect(back, 303, '/auth/mfa/setup/page/codes/')
    else assertPage(back, 401, /This setup has expired/)
    const shownCodes = await open('/auth/mfa/setup/page/codes/')
    assertPage(shownCodes, 200, /recovery/i)
    assert.equal(codesOn(shownCodes).length, 10)
    assert.deepEqual(codesOn(await open('/auth/mfa/setup/page/codes/')), codesOn(shownCodes))
    assertPage(
      await post('/auth/mfa/setup/page/done/', { saved: 'yes' }),
      200,
      /Two-step sign-in is on/
    )
    // A form that is sent again gets the answer of its page.
    assertRedirect(await post('/auth/mfa/setup/page/', { code: '123456' }), 303, '/auth/mfa/setup/')
    const after = await open('/auth/mfa/setup/')
    if (signedIn) assertRedirect(after, 303, '/auth/account/')
    else assertPage(after, 401, /<h1>Start again<.*This setup has expired.*href="\/auth\/login\/"/s)
    return { secret, signedIn }
  }

  await t.test('an invitation: password, setup, session', async () => {
    const admin = newPerson()
    await signUpAt(admin)
    const adminBrowser = newBrowser(service)
    assertRedirect(await adminBrowser.open(await pathTo(admin.email)), 302, '/auth/mfa/setup/')
    await walkSetup(adminBrowser)
    await query('UPDATE "User" SET "role" = 900 WHERE "email" = $1', [admin.email])
    await adminBrowser.client.send('POST', '/auth/refresh/', {})
    const { email } = newPerson()
    const invited = await adminBrowser.client.send('POST', '/auth/registration/user-register/', {
      email,
      role: 0
    })
    assert.equal(invited.statusCode, 201, invited.body)

    const browser = newBrowser(service)
    const form = '/auth/registration/set-password/default/'
    assertRedirect(await browser.open(await pathTo(email)), 302, form)
    const words = 'entirely other words'
    const fields = { new_password1: words, new_password2: words }
    const set = await browser.post('/auth/registration/set-password/', fields)
    assertRedirect(set, 303, '/auth/mfa/setup/')
    assert.deepEqual(cookieOf(set, cookie)?.attributes, {
      'Max-Age': '900',
      Path: '/',
      HttpOnly: '',
      SameSite: 'Lax'
    })
    assert.equal((await walkSetup(browser)).signedIn, true)
    assert.equal((await browser.client.send('POST', '/auth/refresh/', {})).statusCode, 200)
    assert.deepEqual(claimsOf(browser.client.access ?? '').amr, ['pwd', 'otp'])
  })

  await t.test(
    'a reset of somebody without a factor leads to its setup; of somebody with one to the end',
    async () => {
      const person = newPerson()
      await signUpAt(person)
      await pathTo(person.email)
      const words = 'entirely other words'
      const fields = { new_password1: words, new_password2: words }
      for (const location of ['/auth/mfa/setup/', '/auth/password/reset/complete/']) {
        const { email } = person
        await service.inject({ method: 'POST', url: '/auth/password/reset/', payload: { email } })
        const browser = newBrowser(service)
        await browser.open(await pathTo(email))
        assertRedirect(await browser.post('/auth/password/reset/set-new/', fields), 303, location)
        if (location === '/auth/mfa/setup/') {
          assert.equal((await walkSetup(browser)).signedIn, true)
        } else assert.equal(browser.client.cookies.has(refreshCookie), false)
      }
    }
  )

  await t.test(
    'a confirmation of somebody who set up meanwhile leads to the challenge',
    async () => {
      const person = newPerson()
      const answer = await signUpAt(person)
      const at = { ...service, inject: prefixed(service) }
      const { secret } = await enrol(at, newClient(at), answer.json().setup_challenge_id)
      await service.advance(30)
      const browser = newBrowser(service)
      assertRedirect(
        await browser.open(await pathTo(person.email)),
        302,
        '/auth/mfa/challenge/page/'
      )
      assertPage(await browser.open('/auth/mfa/challenge/page/'), 200, /Confirm that it is you/)
      const done = await browser.post('/auth/mfa/challenge/page/', {
        code: appCode(secret, clock())
      })
      assertRedirect(done, 303, '/auth/account/')
      assert.equal((await browser.client.send('POST', '/auth/refresh/', {})).statusCode, 200)
      assert.deepEqual(claimsOf(browser.client.access ?? '').amr, ['email', 'otp'])
    }
  )

  function signUpAt({ email, password }: Person) {
    const payload = { email, password1: password, password2: password }
    return newClient(service).send('POST', '/auth/registration/', payload)
  }

  /** The link in the next mail that is not a notice. */
  async function pathTo(email: string): Promise<string> {
    for (;;) {
      const { text = '' } = await mailbox.next(email)
      const [link] = /https?:\/\/\S+\/[A-Za-z0-9_-]{43}\//.exec(text) ?? []
      if (link !== undefined && !link.includes('/undo/')) return new URL(link).pathname
    }
  }
})

const prefixed = (service: TestApp): TestApp['inject'] =>
  // biome-ignore lint/suspicious/noExplicitAny: every form of the call is passed on as it is.
  ((request: any) => service.app.inject({ ...request, url: `/auth${request.url}` })) as never

test('the pages of the challenge', async t => {
  const service = await startApp(t, {
    ...required,
    JWT_ALLAUTH_MFA_TOTP_MODE: 'optional',
    MFA_COMPLETE_REDIRECT: 'https://app.example/home'
  })
  const { clock } = service
  const url = '/mfa/challenge/page/'

  await t.test(
    'a form that posts a challenge leads to the page; code or recovery code finish',
    async () => {
      const { person, secret, recoveryCodes } = await newEnrolled(service)
      for (const fields of [
        { code: appCode(secret, clock()) },
        { recovery_code: recoveryCodes[0] ?? '' }
      ]) {
        const browser = newBrowser(service)
        const handed = await browser.post(url, {
          challenge_id: await challengeFor(service, person)
        })
        assertRedirect(handed, 303, url)
        assertPage(await browser.open(`${url}?method=recovery`), 200, /name="recovery_code"/)
        const shown = await browser.open(url)
        assertPage(shown, 200, /name="code"/)
        assert.ok(shown.body.includes(person.email), 'whose sign-in it is')
        assert.match(shown.body, /href="\/login\/">Use another account</)
        const malformed = await browser.post(url, { code: '12345' })
        assertPage(malformed, 400, /Enter the 6 digits of the code\./)
        assert.ok(malformed.body.includes(person.email))
        assertRedirect(await browser.post(url, fields), 303, 'https://app.example/home')
        assert.equal((await refresh(browser.client)).statusCode, 200)
        // Back, and the form sent again: the person is signed in.
        assertRedirect(await browser.open(url), 303, 'https://app.example/home')
        assertRedirect(
          await browser.open(`${url}?method=recovery`),
          303,
          'https://app.example/home'
        )
        for (const again of [fields, { code: '12345' }])
          assertRedirect(await browser.post(url, again), 303, url)
      }
    }
  )

  await t.test('a wrong code shows the form again, the last one ends it', async () => {
    const { person, secret } = await newEnrolled(service)
    const browser = newBrowser(service)
    await browser.post(url, { challenge_id: await challengeFor(service, person) })
    for (let index = 0; index < 3; index++)
      assertPage(
        await browser.post(url, { code: wrongCode(secret, clock(), index) }),
        400,
        /This code is not right\./
      )
    assertPage(await browser.post(url, { recovery_code: 'nothing' }), 400, /name="recovery_code"/)
    assertRedirect(await browser.post(url, { code: wrongCode(secret, clock()) }), 303, url)
    assertPage(
      await browser.open(url),
      400,
      /<h1>Start again<.*This sign-in has expired, or there were too many wrong codes.*href="\/login\/"/s
    )
    assert.equal(browser.client.cookies.has(cookie), false)
  })

  await t.test(
    'CAP-07 a challenge that ended says so, also beside a session of another account',
    async () => {
      const { client } = await newMember(service)
      const { person, secret } = await newEnrolled(service)
      const challenge_id = await challengeFor(service, person)
      const browser = newBrowser(service)
      browser.client.cookies.set(refreshCookie, client.cookies.get(refreshCookie) ?? '')
      await browser.post(url, { challenge_id })
      for (let index = 0; index < 5; index++)
        await browser.post(url, { code: wrongCode(secret, clock(), index) })
      assertPage(await browser.open(url), 400, /<h1>Start again</)
      // A dead one that an app brings is refused at once, whatever the browser holds.
      assertPage(await browser.post(url, { challenge_id }), 400, /<h1>Start again</)
    }
  )

  await t.test('CAP-07 Back leads nobody to the recovery codes of another account', async () => {
    const { client } = await newMember(service)
    const { person, secret } = await newEnrolled(service)
    const browser = newBrowser(service)
    await browser.post(url, { challenge_id: await challengeFor(service, person) })
    await browser.post(url, { code: appCode(secret, clock()) })
    const renewed = await browser.post('/account/mfa/renew/', { password: person.password })
    assertRedirect(renewed, 303, '/account/mfa/codes/')
    assertRedirect(await browser.open(url), 303, '/mfa/setup/page/codes/')
    browser.client.cookies.set(refreshCookie, client.cookies.get(refreshCookie) ?? '')
    assertRedirect(await browser.open(url), 303, 'https://app.example/home')
    assertRedirect(await browser.open('/account/mfa/codes/'), 303, '/account/mfa/')
  })

  await t.test(
    'CAP-04 another site can neither hand over a challenge nor answer one, with a cookie or without',
    async () => {
      const { person, secret } = await newEnrolled(service)
      const challenge = await challengeFor(service, person)
      const kept = newBrowser(service)
      await kept.post(url, { challenge_id: challenge })
      for (const headers of [
        { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
        { origin: 'null', 'sec-fetch-site': 'cross-site' },
        { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' }
      ]) {
        for (const browser of [kept, newBrowser(service)]) {
          for (const [path, fields] of [
            [url, { challenge_id: challenge }],
            [url, { code: appCode(secret, clock()) }],
            ['/mfa/setup/page/', { setup_challenge_id: challenge }]
          ] as const) {
            const answer = await browser.post(path, fields, headers)
            assert.equal(answer.statusCode, 403, answer.body)
            assert.equal(answer.headers['set-cookie'], undefined)
          }
        }
      }
    }
  )

  await t.test('no cookie, no page; a prefetch has no effect', async () => {
    assertPage(await newBrowser(service).open(url), 400, /Sign in again/)
    assertPage(await newBrowser(service).open('/mfa/setup/'), 401, /This setup has expired/)
    const head = await service.inject({ method: 'HEAD', url: '/mfa/setup/' })
    assert.equal(head.statusCode, 204)
  })

  await t.test('the code page is of no use for setup, nor the setup page for a code', async () => {
    const { person } = await newEnrolled(service)
    const browser = newBrowser(service)
    await browser.post(url, { challenge_id: await challengeFor(service, person) })
    assertPage(await browser.open('/mfa/setup/'), 401, /This setup has expired/)
    assertRedirect(await browser.post('/mfa/setup/page/', { code: '123456' }), 303, '/mfa/setup/')
    assertPage(await browser.open(url), 200, /name="code"/)
  })

  await t.test(
    'a challenge comes before a session that the browser has of another account',
    async () => {
      const { client } = await newMember(service)
      const { person, secret } = await newEnrolled(service)
      const browser = newBrowser(service)
      browser.client.cookies.set(refreshCookie, client.cookies.get(refreshCookie) ?? '')
      await browser.post(url, { challenge_id: await challengeFor(service, person) })
      const shown = await browser.open(url)
      assertPage(shown, 200, /name="code"/)
      assert.ok(shown.body.includes(person.email))
      assertRedirect(
        await browser.post(url, { code: appCode(secret, clock()) }),
        303,
        'https://app.example/home'
      )
    }
  )
})

test('disabled: the pages say so', async t => {
  const service = await startApp(t)
  for (const url of ['/mfa/setup/', '/mfa/challenge/page/'])
    assertPage(await newBrowser(service).open(url), 403, /Two-step sign-in is not available here/)
  assertPage(
    await newBrowser(service).post('/mfa/setup/page/', {}),
    403,
    /Two-step sign-in is not available here/
  )
})
