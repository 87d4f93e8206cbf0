import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertCookie, assertProblem, withoutTraces } from '../support/expect.js'
import { askReset, open, opened, pathOf, postForm, setNew, startMailing } from '../support/links.js'
import { codeIn, linkIn } from '../support/mailbox.js'
import {
  newClient,
  newMember,
  newPerson,
  presentAccess,
  refresh,
  refreshTokenOf,
  signedIn,
  signIn,
  signUp
} from '../support/people.js'

const capability = 'password_reset_access_token'
const fresh = 'another gigantic hat'

test('from a forgotten password to signed in, by cookie', async t => {
  const { service, mailbox } = await startMailing(t)
  const { person, client: before } = await newMember(service)

  const asked = await askReset(newClient(service), person.email)
  assert.equal(asked.statusCode, 200)
  assert.deepEqual(asked.json(), { detail: 'Password reset email has been sent.' })

  const browser = newClient(service)
  const followed = await open(browser, await mailbox.linkFor(person.email))
  assert.equal(followed.statusCode, 302)
  assert.equal(followed.headers.location, '/password/reset/default/')
  assertCookie(followed, capability, {
    Path: '/',
    HttpOnly: '',
    SameSite: 'Lax',
    'Max-Age': '3600'
  })

  const page = await browser.send('GET', '/password/reset/default/')
  assert.equal(page.statusCode, 200)
  assert.match(page.body, /name="new_password1"/)

  const answer = await setNew(browser, fresh)
  assert.equal(answer.statusCode, 200, answer.body)
  assert.deepEqual(Object.keys(answer.json()).sort(), ['access', 'detail', 'expires_in'])
  assert.equal(answer.json().detail, 'Password reset.')
  assert.equal((await presentAccess(service, answer.json().access)).statusCode, 200)
  assert.ok(refreshTokenOf(answer))
  assert.ok(!browser.cookies.has(capability))

  assertProblem(await signIn(newClient(service), person), 401, 'incorrect_credentials')
  assert.equal((await signIn(newClient(service), { ...person, password: fresh })).statusCode, 200)
  assert.equal((await refresh(before)).statusCode, 401)
  assert.match((await mailbox.next(person.email)).subject ?? '', /password/i)
})

test('SES-18 the refresh token travels in the body for whoever asks so', async t => {
  const { service, mailbox } = await startMailing(t)
  const { person } = await newMember(service)
  await askReset(newClient(service), person.email)
  const client = newClient(service, { transport: 'body' })
  await open(client, await mailbox.linkFor(person.email))

  const answer = await setNew(client, fresh)

  assert.ok(answer.json().refresh)
  assert.ok(!client.cookies.has('refresh_token'))
})

test('a form goes to the done page and signs nobody in', async t => {
  const { service, mailbox } = await startMailing(t)
  const { person } = await newMember(service)
  await askReset(newClient(service), person.email)
  const browser = await opened(service, await mailbox.linkFor(person.email))

  const refused = await postForm(
    service,
    '/password/reset/set-new/',
    { new_password1: 'short', new_password2: 'other' },
    browser
  )
  assert.equal(refused.statusCode, 400)
  assert.match(refused.body, /too short/)
  assert.match(refused.body, /do not match/)
  assert.doesNotMatch(refused.body, /value="(short|other)"/)

  const done = await postForm(
    service,
    '/password/reset/set-new/',
    { new_password1: fresh, new_password2: fresh },
    browser
  )
  assert.equal(done.statusCode, 303)
  assert.equal(done.headers.location, '/password/reset/complete/')
  assert.doesNotMatch(String(done.headers['set-cookie']), /refresh_token=e/)
  assert.equal((await signIn(newClient(service), { ...person, password: fresh })).statusCode, 200)
})

test('the code of the mail does what the link does', async t => {
  const { service, mailbox } = await startMailing(t)
  const { person } = await newMember(service)
  await askReset(newClient(service), person.email)
  const code = codeIn(await mailbox.next(person.email))
  const client = newClient(service)

  assertProblem(
    await client.send('POST', '/password/reset/code/', { email: person.email, code: 'AAAA-AAAA' }),
    400,
    'invalid_code',
    {
      code: ['This code is not right.']
    }
  )
  const typed = code.toLowerCase().replace('-', ' ')
  assert.equal(
    (await client.send('POST', '/password/reset/code/', { email: person.email, code: typed }))
      .statusCode,
    200
  )
  assert.equal((await setNew(client, fresh)).statusCode, 200)
})

test('BRF-03 codes have a budget of their own, spent by guesses alone', async t => {
  const { service, mailbox } = await startMailing(t)
  const { person } = await newMember(service)
  await askReset(newClient(service), person.email)
  const code = codeIn(await mailbox.next(person.email))
  const guess = (guessed: string) =>
    newClient(service).send('POST', '/password/reset/code/', { email: person.email, code: guessed })

  const guesses = await Promise.all(Array.from({ length: 30 }, () => guess('AAAAAAAA')))

  assert.equal(guesses.filter(({ statusCode }) => statusCode === 400).length, 5)
  const late = await guess(code)
  assertProblem(late, 429, 'throttled')
  await service.advance(Number(late.headers['retry-after']))
  assert.equal((await guess(code)).statusCode, 200)
})

test('PWD-12 CAP-05 a refused password leaves link and cookie as they were, and a bearer is ignored', async t => {
  const { service, mailbox } = await startMailing(t)
  const { person } = await newMember(service)
  await askReset(newClient(service), person.email)
  const browser = await opened(service, await mailbox.linkFor(person.email))
  browser.access = 'stale'

  assert.equal((await setNew(browser, 'short')).statusCode, 400)
  assert.equal((await setNew(browser, fresh)).statusCode, 200)
})

test('ENU-07 ENU-09 the answer is the same for known, unknown, unverified, disabled and strange addresses', async t => {
  const { service } = await startMailing(t, { EMAIL_VERIFICATION: 'optional' })
  const { person: known } = await newMember(service)
  const { person: disabled } = await newMember(service)
  await service.query(`UPDATE "User" SET "isActive" = false WHERE "email" = $1`, [disabled.email])
  const addresses = [
    known.email,
    disabled.email,
    newPerson().email,
    'no address at all',
    `İ@example.com`
  ]

  const answers = []
  for (const email of addresses)
    answers.push(withoutTraces(await askReset(newClient(service), email)))

  for (const answer of answers) assert.deepEqual(answer, answers[0])
})

test('BRF-11 LNK-16 one mailbox gets no more mails than its budget, in whatever spelling', async t => {
  const { service, mailbox } = await startMailing(t, { MAILS_PER_ADDRESS: '3/hour' })
  const { person } = await newMember(service)
  const spellings = [person.email, person.email.toUpperCase(), ` ${person.email} `]

  for (let n = 0; n < 12; n++) {
    const client = newClient(service, { address: `198.51.100.${n + 1}` })
    assert.equal((await askReset(client, spellings[n % 3] as string)).statusCode, 200)
  }

  await mailbox.count(3, person.email)
  const rows = await service.query(
    `SELECT "recipient", "state"::text FROM "Mail" WHERE "template" = 'password-reset'`
  )
  assert.equal(rows.length, 3)
  for (const { recipient } of rows) assert.equal(recipient, person.email)
})

test('LNK-03 LNK-04 scanners before and after the person change nothing', async t => {
  const { service, mailbox } = await startMailing(t)
  const { person } = await newMember(service)
  await askReset(newClient(service), person.email)
  const link = await mailbox.linkFor(person.email)

  const head = await newClient(service).send('HEAD', pathOf(link))
  assert.equal(head.statusCode, 204)
  assert.equal(head.headers['set-cookie'], undefined)
  for (const headers of [{ purpose: 'prefetch' }, { 'sec-purpose': 'prefetch;prerender' }]) {
    const prefetch = await newClient(service).send('GET', pathOf(link), undefined, headers)
    assert.equal(prefetch.statusCode, 204)
    assert.equal(prefetch.headers['set-cookie'], undefined)
  }
  for (let n = 0; n < 3; n++) await opened(service, link)
  const browser = await opened(service, link)
  await opened(service, link)

  assert.equal((await setNew(browser, fresh)).statusCode, 200)
})

test('LNK-05 a newer link voids the older one and what it left in a browser', async t => {
  const { service, mailbox } = await startMailing(t)
  const { person } = await newMember(service)
  await askReset(newClient(service), person.email)
  const older = await mailbox.linkFor(person.email)
  const browser = await opened(service, older)
  await askReset(newClient(service), person.email)
  const newer = await mailbox.linkFor(person.email)

  assert.equal((await open(newClient(service), older)).statusCode, 400)
  const refused = await setNew(browser, fresh)
  assert.equal(refused.json().code, 'capability_invalid')
  assert.equal(refused.headers['www-authenticate'], 'Cookie')
  assert.ok(!browser.cookies.has(capability))
  assert.equal((await setNew(await opened(service, newer), fresh)).statusCode, 200)
})

test('LNK-06 link and cookie run out on the server, each by itself', async t => {
  const { service, mailbox } = await startMailing(t, {
    PASSWORD_RESET_TIMEOUT: '2h',
    PASSWORD_RESET_COOKIE_MAX_AGE: '30m'
  })
  const { person } = await newMember(service)
  await askReset(newClient(service), person.email)
  const link = await mailbox.linkFor(person.email)
  const browser = await opened(service, link)

  await service.advance(31 * 60)
  assert.equal((await setNew(browser, fresh)).json().code, 'capability_invalid')
  assert.equal((await open(newClient(service), link)).statusCode, 302)

  await service.advance(2 * 3600)
  assert.equal((await open(newClient(service), link)).statusCode, 400)
})

const voiding: [
  string,
  (
    service: Awaited<ReturnType<typeof startMailing>>['service'],
    person: { email: string; password: string }
  ) => Promise<unknown>
][] = [
  [
    'a password change',
    async (service, person) => {
      const client = await signedIn(service, person)
      return client.send('POST', '/password/change/', {
        old_password: person.password,
        new_password1: 'hat number three',
        new_password2: 'hat number three'
      })
    }
  ],
  [
    'an address change',
    async (service, person) => {
      const client = await signedIn(service, person)
      return client.send('PATCH', '/user/', { email: newPerson().email })
    }
  ],
  [
    'signing out everywhere',
    async (service, person) => (await signedIn(service, person)).send('POST', '/logout-all/', {})
  ],
  [
    'disabling',
    (service, person) =>
      service.query(`UPDATE "User" SET "isActive" = false WHERE "email" = $1`, [person.email])
  ],
  [
    'deleting',
    (service, person) => service.query(`DELETE FROM "User" WHERE "email" = $1`, [person.email])
  ]
]

for (const [event, happen] of voiding) {
  test(`LNK-07 ${event} voids the link and what it left in a browser`, async t => {
    const { service, mailbox } = await startMailing(t)
    const { person } = await newMember(service)
    await askReset(newClient(service), person.email)
    const link = await mailbox.linkFor(person.email)
    const browser = await opened(service, link)

    await happen(service, person)

    assert.equal((await open(newClient(service), link)).statusCode, 400)
    assert.equal((await setNew(browser, fresh)).json().code, 'capability_invalid')
  })
}

test('LNK-07 a plain sign-in voids nothing', async t => {
  const { service, mailbox } = await startMailing(t)
  const { person } = await newMember(service)
  await askReset(newClient(service), person.email)
  const browser = await opened(service, await mailbox.linkFor(person.email))
  await signedIn(service, person)

  assert.equal((await setNew(browser, fresh)).statusCode, 200)
})

test('ENU-11 LNK-08 LNK-09 every link that is not good fails alike', async t => {
  const { service, mailbox } = await startMailing(t, { EMAIL_VERIFICATION: 'optional' })
  const person = newPerson()
  await signUp(newClient(service), person)
  const verification = pathOf(linkIn(await mailbox.next(person.email)))
  await askReset(newClient(service), person.email)
  const link = pathOf(linkIn(await mailbox.next(person.email)))
  const [uid = '', token = ''] = link.split('/').slice(-3)
  const other = 'A'.repeat(43)
  const paths = [
    `/password/reset/confirm/${uid}/${other}/`,
    `/password/reset/confirm/MQ/${token}/`,
    `/password/reset/confirm/${uid}/%20/`,
    `/password/reset/confirm/${uid}/${token}x/`,
    `/password/reset/confirm/${uid}/${verification.split('/').at(-2)}/`
  ]
  for (const path of paths) {
    const page = await newClient(service).send('GET', path, undefined, { accept: 'text/html' })
    assert.equal(page.statusCode, 400, path)
    assert.equal(page.headers['set-cookie'], undefined)
    assertProblem(await newClient(service).send('GET', path), 400, 'link_invalid')
  }
  // The tokens of one purpose are nothing to another.
  assert.equal(
    (await newClient(service).send('GET', `/registration/verification/${token}/`)).statusCode,
    400
  )
  assert.equal((await newClient(service).send('GET', `/user/email/undo/${token}/`)).statusCode, 400)
})

test('LNK-10 the link starts with PUBLIC_URL whatever a request says', async t => {
  const { service, mailbox } = await startMailing(t, {
    PUBLIC_URL: 'https://accounts.example',
    BASE_PATH: '/auth'
  })
  const person = newPerson()
  const client = newClient(service)
  await client.send('POST', '/auth/registration/', {
    email: person.email,
    password1: person.password,
    password2: person.password
  })
  const headers = {
    host: 'evil.example',
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'http',
    forwarded: 'host=evil.example',
    'x-forwarded-prefix': '/evil'
  }
  await client.send('POST', '/auth/password/reset/', { email: person.email }, headers)

  const mail = await mailbox.next(person.email)

  assert.match(linkIn(mail), /^https:\/\/accounts\.example\/auth\/password\/reset\/confirm\//)
  assert.doesNotMatch(`${mail.text}${mail.html}`, /evil/)
})

test('LNK-12 HTP-15 no token stays in an address, and the page loads and tells nothing elsewhere', async t => {
  const { service, mailbox } = await startMailing(t)
  const { person } = await newMember(service)
  await askReset(newClient(service), person.email)
  const link = await mailbox.linkFor(person.email)
  const browser = newClient(service)
  const followed = await open(browser, link)
  const page = await browser.send('GET', String(followed.headers.location))

  assert.doesNotMatch(page.body, new RegExp(pathOf(link).split('/').at(-2) as string))
  for (const answer of [followed, page]) {
    assert.equal(answer.headers['referrer-policy'], 'no-referrer')
    assert.equal(answer.headers['cache-control'], 'no-store')
  }
  assert.match(String(page.headers['content-security-policy']), /default-src 'none'/)
  assert.doesNotMatch(page.body, /(src|href)="https?:/)
})

test('CAP-03 a request from another site is refused and spends nothing', async t => {
  const { service, mailbox } = await startMailing(t)
  const { person } = await newMember(service)
  await askReset(newClient(service), person.email)
  const browser = await opened(service, await mailbox.linkFor(person.email))
  const foreign = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' }
  ]
  for (const headers of foreign) {
    assert.equal(
      (await setNew(browser, fresh, headers as Record<string, string>)).json().code,
      'cross_site_request'
    )
  }
  assert.equal(
    (
      await setNew(browser, fresh, {
        origin: 'http://localhost:3000',
        'sec-fetch-site': 'same-origin'
      })
    ).statusCode,
    200
  )
})

test('the code of the mail can be typed on a page that anybody can open', async t => {
  const { service, mailbox } = await startMailing(t)
  const { person } = await newMember(service)
  await askReset(newClient(service), person.email)
  const code = codeIn(await mailbox.next(person.email))
  const browser = newClient(service)
  const page = (url: string) => browser.send('GET', url, undefined, { accept: 'text/html' })
  assert.match((await page('/password/reset/')).body, /href="\/password\/reset\/code\/"/)
  assert.match((await page('/password/reset/code/')).body, /action="\/password\/reset\/code\/"/)
  const fields = { email: person.email, code: code.toLowerCase() }
  const typed = await postForm(service, '/password/reset/code/', fields, browser)
  assert.deepEqual(
    [typed.statusCode, typed.headers.location],
    [303, '/password/reset/default/'],
    typed.body
  )
})

test('where only forms are posted to, a browser is answered by a page', async t => {
  const { service } = await startMailing(t)
  const answer = await newClient(service).send('GET', '/password/reset/set-new/', undefined, {
    accept: 'text/html'
  })
  assert.equal(answer.statusCode, 405)
  assert.equal(answer.headers.allow, 'POST')
  assert.match(String(answer.headers['content-type']), /^text\/html/)
})

test('CAP-06 CAP-08 the form is shown for a live capability only', async t => {
  const { service, mailbox } = await startMailing(t)
  const { person } = await newMember(service)
  const garbage = newClient(service)
  garbage.cookies.set(capability, 'garbage')
  assert.equal((await garbage.send('GET', '/password/reset/default/')).statusCode, 400)
  assertUnauthorised(await setNew(garbage, fresh), 'capability_invalid')
  assertUnauthorised(await setNew(newClient(service), fresh), 'not_authenticated')

  await askReset(newClient(service), person.email)
  const browser = await opened(service, await mailbox.linkFor(person.email))
  const twins = await service.inject({
    method: 'POST',
    url: '/password/reset/set-new/',
    payload: { new_password1: fresh, new_password2: fresh },
    headers: { cookie: `${capability}=x; ${capability}=${browser.cookies.get(capability)}` }
  })
  assert.equal(twins.statusCode, 401)
  assert.equal((await setNew(browser, fresh)).statusCode, 200)
})

test('CAP-07 of two links in one browser the later counts, and the page says for whom', async t => {
  const { service, mailbox } = await startMailing(t)
  const { person: ada } = await newMember(service)
  const grace = newPerson('grace')
  await signUp(newClient(service), grace)
  for (const { email } of [ada, grace]) await askReset(newClient(service), email)
  const browser = newClient(service)
  await open(browser, await mailbox.linkFor(ada.email))
  await open(browser, await mailbox.linkFor(grace.email))

  const page = await browser.send('GET', '/password/reset/default/')
  assert.ok(page.body.includes(grace.email))
  await setNew(browser, fresh)

  assert.equal((await signIn(newClient(service), ada)).statusCode, 200)
  assert.equal((await signIn(newClient(service), { ...grace, password: fresh })).statusCode, 200)
})

test('EML-10 LNK-15 the first proof of a mailbox takes an account from whoever held it unproven', async t => {
  const { service, mailbox } = await startMailing(t, { EMAIL_VERIFICATION: 'optional' })
  const owner = newPerson('owner')
  const stranger = newClient(service)
  await signUp(stranger, { ...owner, password: 'the stranger’s hat' })
  await mailbox.next(owner.email)

  await askReset(newClient(service), owner.email)
  const browser = await opened(service, await mailbox.linkFor(owner.email))
  const answer = await setNew(browser, owner.password)

  assert.equal(answer.statusCode, 200)
  assert.equal((await refresh(stranger)).statusCode, 401)
  assert.equal((await presentAccess(service, stranger.access as string)).statusCode, 401)
  assertProblem(
    await signIn(newClient(service), { ...owner, password: 'the stranger’s hat' }),
    401,
    'incorrect_credentials'
  )
  const [user] = await service.query(`SELECT "emailVerifiedAt" FROM "User" WHERE "email" = $1`, [
    owner.email
  ])
  assert.ok(user?.emailVerifiedAt)
})

test('a deployer’s own page is where the link leads', async t => {
  const { service, mailbox } = await startMailing(t, {
    PASSWORD_RESET_REDIRECT: 'https://app.example/reset'
  })
  const { person } = await newMember(service)
  await askReset(newClient(service), person.email)

  const followed = await open(newClient(service), await mailbox.linkFor(person.email))

  assert.equal(followed.headers.location, 'https://app.example/reset')
})

test('password managers find the page', async t => {
  const { service } = await startMailing(t, { BASE_PATH: '/auth' })
  const answer = await newClient(service).send('GET', '/.well-known/change-password')
  assert.equal(answer.statusCode, 302)
  assert.equal(answer.headers.location, '/auth/password/reset/')
  assert.equal((await newClient(service).send('GET', '/auth/password/reset/')).statusCode, 200)
})

function assertUnauthorised(answer: Awaited<ReturnType<typeof setNew>>, code: string) {
  assert.equal(answer.statusCode, 401)
  assert.equal(answer.json().code, code)
  assert.equal(answer.headers['www-authenticate'], 'Cookie')
}
