import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp, startAppOn, type TestApp } from '../support/app.js'
import { resolved } from '../support/conformity.js'
import { assertProblem, bearer, patient } from '../support/expect.js'
import {
  activate,
  appCode,
  beginSetup,
  challengeFor,
  enrol,
  newEnrolled,
  verify,
  verifyRecovery
} from '../support/factor.js'
import { type Mailbox, openMailbox } from '../support/mailbox.js'
import {
  type Answer,
  claimsOf,
  newClient,
  newMember,
  newPerson,
  type Person,
  readUser,
  refresh,
  refreshCookie,
  setCookies,
  signIn,
  signUp
} from '../support/people.js'

const optional = { JWT_ALLAUTH_MFA_TOTP_MODE: 'optional', ...patient }
const required = { JWT_ALLAUTH_MFA_TOTP_MODE: 'required', ...patient }
const mandatory = {
  EMAIL_VERIFICATION: 'mandatory',
  MAILS_PER_ADDRESS: '1000/min',
  MAILS_PER_NETWORK: '1000/min'
}

const countSessions = async ({ query }: TestApp) =>
  Number((await query<{ count: string }>('SELECT count(*) FROM "Session"'))[0]?.count)

/** Nothing of an answer is a session: no token in the body, no refresh cookie. */
function assertNoTokens(answer: Answer) {
  assert.equal(/"(access|refresh|key)":/.test(answer.body), false, answer.body)
  assert.equal(setCookies(answer).get(refreshCookie) ?? '', '')
}

function assertChallenged(answer: Answer) {
  assert.equal(answer.statusCode < 300, true, answer.body)
  assertNoTokens(answer)
  const { mfa_required, challenge_id } = answer.json()
  assert.equal(mfa_required, true, answer.body)
  return challenge_id as string
}

function assertSetupAsked(answer: Answer) {
  assert.equal(answer.statusCode < 300, true, answer.body)
  assertNoTokens(answer)
  const { mfa_setup_required, setup_challenge_id } = answer.json()
  assert.equal(mfa_setup_required, true, answer.body)
  return setup_challenge_id as string
}

/** The link in the next mail to this address that has one of this kind; mails before it are left aside. */
async function linkTo(mailbox: Mailbox, { email }: Person, path: '/registration/' | '/password/') {
  for (;;) {
    const { text = '' } = await mailbox.next(email)
    const [link] = new RegExp(`https?://\\S+${path}\\S+/[A-Za-z0-9_-]{43}/`).exec(text) ?? []
    if (link !== undefined) return link
  }
}

/** Opens a mailed reset link, and returns a client that may set a password. */
async function openReset(service: TestApp, mailbox: Mailbox, person: Person) {
  const { email } = person
  await service.inject({ method: 'POST', url: '/password/reset/', payload: { email } })
  return follow(service, await linkTo(mailbox, person, '/password/'))
}

async function follow(service: TestApp, link: string, headers: Record<string, string> = {}) {
  const client = newClient(service)
  const answer = await client.send('GET', new URL(link).pathname, undefined, headers)
  return { client, answer }
}

/** Confirms a contested address with the password of the link's sign-up. */
async function confirm(service: TestApp, link: string, { password }: Person) {
  const url = new URL(link).pathname
  const answer = await service.inject({ method: 'POST', url, payload: { password } })
  assert.equal(answer.statusCode, 303, answer.body)
}

const setNew = (
  client: ReturnType<typeof newClient>,
  password: string,
  url = '/password/reset/set-new/'
) => client.send('POST', url, { new_password1: password, new_password2: password })

/**
 * Every operation that can give a session, found in the document: those whose answer may hold an
 * access token, and those of forms and links that set the refresh cookie.
 */
function mintingOperations(service: TestApp): string[] {
  const document = service.app.swagger()
  const { paths } = document as unknown as {
    paths: Record<
      string,
      Record<string, { operationId: string; responses: Record<string, unknown> }>
    >
  }
  return Object.values(paths)
    .flatMap(Object.values)
    .filter(({ operationId, responses }) => {
      const good = Object.entries(responses ?? {}).filter(([status]) => /^2/.test(status))
      const answers = JSON.stringify(resolved(good, document))
      return /"access"/.test(answers) || formsThatSignIn.includes(operationId)
    })
    .map(({ operationId }) => operationId)
    .toSorted()
}
const formsThatSignIn = [
  'openVerification',
  'confirmVerification',
  'finishMfaSetup',
  'answerMfaChallenge'
]

test('MFA-10 no road leads to a session without the factor', async t => {
  const mailbox = await openMailbox(t)
  const service = await startApp(t, {
    ...required,
    ...mandatory,
    ...mailbox.settings,
    JWT_ALLAUTH_SESSION_ON_EMAIL_VERIFICATION: 'true',
    JWT_ALLAUTH_INVITATIONS: 'true'
  })
  const { clock, query, advance } = service

  /** A proven account with a second factor and no session. */
  async function newProven() {
    const person = newPerson()
    const setup = assertSetupAsked(await signUp(newClient(service), person))
    const { secret, recoveryCodes } = await enrol(service, newClient(service), setup)
    await follow(service, await linkTo(mailbox, person, '/registration/'))
    await advance(30)
    return { person, secret, recoveryCodes }
  }

  const roads: Record<string, () => Promise<unknown>> = {
    login: async () => {
      const { person } = await newProven()
      assertChallenged(await signIn(newClient(service), person))
    },
    register: async () => {
      assertSetupAsked(await signUp(newClient(service), newPerson()))
      const { person } = await newProven()
      const again = assertSetupAsked(await signUp(newClient(service), person))
      assertProblem(await beginSetup(newClient(service), again), 401, 'setup_challenge_invalid')
    },
    setNewPassword: async () => {
      const { person } = await newProven()
      const { client } = await openReset(service, mailbox, person)
      assertChallenged(await setNew(client, 'entirely other words'))
    },
    openVerification: async () => {
      const person = newPerson()
      const setup = assertSetupAsked(await signUp(newClient(service), person))
      await enrol(service, newClient(service), setup)
      const { answer } = await follow(service, await linkTo(mailbox, person, '/registration/'))
      assert.equal(answer.statusCode, 302)
      assertNoTokens(answer)
    },
    confirmVerification: async () => {
      const person = newPerson()
      await signUp(newClient(service), person)
      const path = new URL(await linkTo(mailbox, person, '/registration/')).pathname
      const answer = await newClient(service).send('POST', path, {})
      assert.equal(answer.statusCode, 303)
      assertNoTokens(answer)
    },
    confirmVerificationByCode: async () => {
      const person = newPerson()
      const setup = assertSetupAsked(await signUp(newClient(service), person))
      await enrol(service, newClient(service), setup)
      const { email } = person
      const code = await mailbox.codeFor(email)
      assertChallenged(
        await newClient(service).send('POST', '/registration/verification/code/', { email, code })
      )
    },
    setFirstPassword: async () => {
      const { person, secret } = await newProven()
      const admin = newClient(service)
      await query(`UPDATE "User" SET "role" = 900 WHERE "email" = $1`, [person.email])
      const code = appCode(secret, clock())
      assert.equal(
        (await verify(admin, await challengeFor(service, person, admin), code)).statusCode,
        200
      )
      const { email } = newPerson()
      const invited = await admin.send('POST', '/registration/user-register/', { email, role: 0 })
      assert.equal(invited.statusCode, 201, invited.body)
      const { client } = await follow(service, await mailbox.linkFor(email))
      assertSetupAsked(await setNew(client, 'entirely other words', '/registration/set-password/'))
    },
    refresh: async () => {
      // A session from before the factor was asked for, as another mode would have opened it.
      const { person, client } = await factorless()
      assertProblem(await refresh(client), 401, 'token_not_valid')
      assert.equal(client.cookies.has(refreshCookie), false, 'the cookie is cleared')
      assertProblem(await refresh(client), 400, 'refresh_missing')
      assertChallenged(await signIn(newClient(service), person))
    },
    changePassword: async () => {
      const { person, client } = await factorless()
      const answer = await client.send('POST', '/password/change/', {
        old_password: person.password,
        new_password1: 'entirely other words',
        new_password2: 'entirely other words'
      })
      assertProblem(answer, 401, 'token_not_valid')
    },
    reauthenticate: async () => {
      const { person, client } = await factorless()
      const answer = await client.send('POST', '/reauthenticate/', { password: person.password })
      assertProblem(answer, 401, 'token_not_valid')
    },
    activateMfa: async () => {
      const { person } = await newProven()
      const challenge = await challengeFor(service, person)
      const answer = await activate(newClient(service), '123456', challenge)
      assertProblem(answer, 401, 'setup_challenge_invalid')
      const { client } = await factorless()
      assertProblem(await activate(client, '123456'), 401, 'token_not_valid')
    },
    verifyMfa: async () => {
      const { person } = await newProven()
      for (const code of ['000000', '111111'])
        assertNoTokens(await verify(newClient(service), await challengeFor(service, person), code))
    },
    verifyMfaByRecoveryCode: async () => {
      const { person } = await newProven()
      const challenge = await challengeFor(service, person)
      assertNoTokens(await verifyRecovery(newClient(service), challenge, 'AAAA-AAAA-AAAA-AAAA'))
    },
    finishMfaSetup: async () => {
      const { person } = await newProven()
      const cookies = { mfa_challenge: await challengeFor(service, person) }
      const answer = await postForm(service, '/mfa/setup/page/', { code: '123456' }, cookies)
      assert.equal(answer.headers.location, '/mfa/setup/', 'which says that it has expired')
      assertNoTokens(answer)
    },
    answerMfaChallenge: async () => {
      const { person } = await newProven()
      const cookies = { mfa_challenge: await challengeFor(service, person) }
      const answer = await postForm(service, '/mfa/challenge/page/', { code: '123456' }, cookies)
      assert.equal(answer.headers.location, '/mfa/challenge/page/')
      assertNoTokens(answer)
    }
  }

  /** Somebody enrolled who holds a session that passed no factor. */
  async function factorless() {
    const { person, secret } = await newProven()
    const client = newClient(service)
    const challenge = await challengeFor(service, person, client)
    await verify(client, challenge, appCode(secret, clock()))
    await query(
      `UPDATE "Session" SET "amr" = ARRAY['pwd'], "ip" = 'forged' WHERE "id" = $1::uuid`,
      [client.sessionId]
    )
    return { person, client }
  }

  assert.deepEqual(
    mintingOperations(service),
    Object.keys(roads).toSorted(),
    'every operation that can mint has its row here'
  )
  for (const [operation, walk] of Object.entries(roads)) {
    await t.test(operation, async () => {
      await walk()
      const factorless = await query(
        `SELECT s."id" FROM "Session" s JOIN "Authenticator" a USING ("userId")
         WHERE NOT s."amr" && ARRAY['otp', 'rc'] AND s."ip" <> 'forged'`
      )
      assert.deepEqual(factorless, [])
    })
  }
})

function postForm(
  service: TestApp,
  url: string,
  fields: Record<string, string>,
  cookies: Record<string, string>,
  headers: Record<string, string> = {}
): Promise<Answer> {
  return service.app.inject({
    method: 'POST',
    url,
    payload: new URLSearchParams(fields).toString(),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'text/html',
      ...headers
    },
    cookies
  })
}

test('optional: roads for somebody enrolled', async t => {
  const mailbox = await openMailbox(t)
  const service = await startApp(t, { ...optional, ...mailbox.settings })

  await t.test(
    'MFA-10 a reset sets the password, ends the sessions and asks the factor',
    async () => {
      const { person, client: inside, secret } = await newEnrolled(service)
      const stale = await challengeFor(service, person)
      const { client } = await openReset(service, mailbox, person)
      const before = await countSessions(service)
      const answer = await setNew(client, 'entirely other words')
      const challenge = assertChallenged(answer)
      assert.equal(answer.json().detail, 'Password reset.')
      assert.equal(await countSessions(service), before - 1)
      assertProblem(await refresh(inside), 401, 'token_not_valid')
      const code = appCode(secret, service.clock())
      assertProblem(await verify(newClient(service), stale, code), 400, 'challenge_invalid')
      assert.equal((await verify(newClient(service), challenge, code)).statusCode, 200)
    }
  )

  await t.test('a reset during a lockout sets the password all the same', async () => {
    const { person } = await newEnrolled(service)
    for (let index = 0; index < 10; index++)
      await verifyRecovery(newClient(service), await challengeFor(service, person), 'AAAA-AAAA')
    const { client } = await openReset(service, mailbox, person)
    const challenge = assertChallenged(await setNew(client, 'entirely other words'))
    person.password = 'entirely other words'
    assertProblem(await verify(newClient(service), challenge, '123456'), 429, 'throttled')
    assertProblem(await signIn(newClient(service), person), 429, 'throttled')
  })

  await t.test('a reset by form signs nobody in, enrolled or not', async () => {
    const enrolled = await newEnrolled(service)
    const { person: plain } = await newMember(service)
    for (const person of [enrolled.person, plain]) {
      const { client } = await openReset(service, mailbox, person)
      const cookies = Object.fromEntries(client.cookies)
      const words = 'entirely other words'
      const fields = { new_password1: words, new_password2: words }
      const answer = await postForm(service, '/password/reset/set-new/', fields, cookies)
      assert.equal(answer.statusCode, 303)
      assert.equal(answer.headers.location, '/password/reset/complete/')
      assertNoTokens(answer)
    }
  })

  await t.test('a password change by somebody who passed the factor goes on with it', async () => {
    const { person, client } = await newEnrolled(service)
    const answer = await client.send('POST', '/password/change/', {
      old_password: person.password,
      new_password1: 'entirely other words',
      new_password2: 'entirely other words'
    })
    assert.deepEqual(claimsOf(answer.json().access).amr, ['pwd', 'otp'])
  })
})

test('required', async t => {
  const service = await startApp(t, required)
  const { clock, advance } = service

  await t.test('MFA-19 a sign-up gets a setup challenge, and by it a session', async () => {
    const person = newPerson()
    const answer = await signUp(newClient(service), person)
    assert.equal(answer.statusCode, 201)
    assert.deepEqual(Object.keys(answer.json()), [
      'email',
      'mfa_setup_required',
      'setup_challenge_id'
    ])
    const setup = assertSetupAsked(answer)
    const client = newClient(service)
    const { secret } = (await beginSetup(client, setup)).json()
    const activated = await activate(client, appCode(secret, clock()), setup)
    assert.equal(activated.statusCode, 200)
    assert.deepEqual(Object.keys(activated.json()), [
      'success',
      'recovery_codes',
      'access',
      'expires_in'
    ])
    assert.ok(setCookies(activated).get(refreshCookie))
    assert.deepEqual(claimsOf(client.access ?? '').amr, ['pwd', 'otp'])
    assert.equal((await refresh(client)).statusCode, 200)
    assertProblem(await beginSetup(newClient(service), setup), 401, 'setup_challenge_invalid')
    assertProblem(
      await activate(newClient(service), '123456', setup),
      401,
      'setup_challenge_invalid'
    )
  })

  await t.test('MFA-19 a setup challenge is good for setup and activation alone', async () => {
    const setup = assertSetupAsked(await signUp(newClient(service), newPerson()))
    assertProblem(await verify(newClient(service), setup, '123456'), 400, 'challenge_invalid')
    assertProblem(await verifyRecovery(newClient(service), setup, 'x'), 400, 'challenge_invalid')
    for (const [method, url] of [
      ['GET', '/user/'],
      ['GET', '/mfa/authenticators/'],
      ['POST', '/mfa/deactivate/']
    ] as const)
      assertProblem(
        await service.inject({ method, url, headers: bearer(setup) }),
        401,
        'token_not_valid'
      )
    const refused = await service.inject({
      method: 'POST',
      url: '/refresh/',
      payload: { refresh: setup }
    })
    assertProblem(refused, 401, 'token_not_valid')
  })

  await t.test('sign-in asks the unenrolled to set up, the enrolled for a code', async () => {
    const person = newPerson()
    await signUp(newClient(service), person)
    const setup = assertSetupAsked(await signIn(newClient(service), person))
    const client = newClient(service)
    const { secret } = await enrol(service, client, setup)
    assertProblem(await client.send('POST', '/mfa/setup/', {}), 400, 'totp_already_active')
    await advance(30)
    const challenge = assertChallenged(await signIn(newClient(service), person))
    assert.equal(
      (await verify(newClient(service), challenge, appCode(secret, clock()))).statusCode,
      200
    )
  })

  await t.test(
    'MFA-13 of two setup challenges each has its own secret; the first code wins',
    async () => {
      const person = newPerson()
      await signUp(newClient(service), person)
      const a = assertSetupAsked(await signIn(newClient(service), person))
      const b = assertSetupAsked(await signIn(newClient(service), person))
      const secretA = (await beginSetup(newClient(service), a)).json().secret
      const secretB = (await beginSetup(newClient(service), b)).json().secret
      assert.equal(
        (await activate(newClient(service), appCode(secretB, clock()), a)).json().code,
        'invalid_code'
      )
      assert.equal(
        (await activate(newClient(service), appCode(secretB, clock()), b)).statusCode,
        200
      )
      const late = await activate(newClient(service), appCode(secretA, clock()), a)
      assertProblem(late, 401, 'setup_challenge_invalid')
    }
  )

  await t.test(
    'MFA-08 a setup challenge lasts five minutes, a setup that is begun goes on',
    async () => {
      const person = newPerson()
      const [idle, busy] = [
        assertSetupAsked(await signUp(newClient(service), person)),
        assertSetupAsked(await signIn(newClient(service), person))
      ]
      await advance(200)
      const { secret } = (await beginSetup(newClient(service), busy)).json()
      await advance(200)
      assertProblem(await beginSetup(newClient(service), idle), 401, 'setup_challenge_invalid')
      assert.equal(
        (await activate(newClient(service), appCode(secret, clock()), busy)).statusCode,
        200
      )
    }
  )

  await t.test(
    'MFA-08 a setup challenge dies with the credentials and with the account',
    async () => {
      for (const change of ['"credentialEpoch" = "credentialEpoch" + 1', '"isActive" = false']) {
        const person = newPerson()
        const setup = assertSetupAsked(await signUp(newClient(service), person))
        const { secret } = (await beginSetup(newClient(service), setup)).json()
        await service.query(`UPDATE "User" SET ${change} WHERE "email" = $1`, [person.email])
        for (const answer of [
          await beginSetup(newClient(service), setup),
          await activate(newClient(service), appCode(secret, clock()), setup)
        ])
          assertProblem(answer, 401, 'setup_challenge_invalid')
      }
    }
  )

  await t.test('a setup cannot be kept going for more than a quarter of an hour', async () => {
    const setup = assertSetupAsked(await signUp(newClient(service), newPerson()))
    for (let minutes = 0; minutes < 12; minutes += 4) {
      assert.equal((await beginSetup(newClient(service), setup)).statusCode, 200)
      await advance(240)
    }
    await advance(181)
    assertProblem(await beginSetup(newClient(service), setup), 401, 'setup_challenge_invalid')
  })

  await t.test(
    'a stale bearer beside a setup challenge does no harm, a wrong challenge beside a bearer does',
    async () => {
      const setup = assertSetupAsked(await signUp(newClient(service), newPerson()))
      const payload = { setup_challenge_id: setup }
      const url = '/mfa/setup/'
      const stale = await service.inject({
        method: 'POST',
        url,
        payload,
        headers: bearer('rubbish')
      })
      assert.equal(stale.statusCode, 200)
      const { client } = await newEnrolled(service)
      assertProblem(await beginSetup(client, 'x'.repeat(43)), 401, 'setup_challenge_invalid')
      assertProblem(await beginSetup(newClient(service)), 401, 'not_authenticated')
    }
  )

  await t.test('MFA-12 nobody gives it up, not even with a wrong password', async () => {
    const { client } = await newEnrolled(service)
    const answer = await client.send('POST', '/mfa/deactivate/', { password: 'no' })
    assertProblem(answer, 403, 'mfa_required_by_policy')
    const nobody = await newClient(service).send('POST', '/mfa/deactivate/', { password: 'no' })
    assertProblem(nobody, 401, 'not_authenticated')
  })
})

test('required, with addresses to confirm first', async t => {
  const mailbox = await openMailbox(t)
  const service = await startApp(t, { ...required, ...mandatory, ...mailbox.settings })
  const { clock } = service

  await t.test(
    'MFA-19 setup before the address is confirmed gives no tokens, and the link still works',
    async () => {
      const person = newPerson()
      const answer = await signUp(newClient(service), person)
      assert.deepEqual(Object.keys(answer.json()).toSorted(), [
        'detail',
        'email',
        'mfa_setup_required',
        'setup_challenge_id'
      ])
      const setup = assertSetupAsked(answer)
      const { secret } = (await beginSetup(newClient(service), setup)).json()
      const activated = await activate(newClient(service), appCode(secret, clock()), setup)
      assertNoTokens(activated)
      assert.deepEqual(Object.keys(activated.json()), ['success', 'recovery_codes', 'detail'])
      assert.equal(await countSessions(service), 0)
      assertProblem(await signIn(newClient(service), person), 401, 'email_not_verified')
      const { answer: landed } = await follow(
        service,
        await linkTo(mailbox, person, '/registration/')
      )
      assert.equal(landed.statusCode, 302)
      assertNoTokens(landed)
      await service.advance(30)
      const challenge = assertChallenged(await signIn(newClient(service), person))
      assert.equal(
        (await verify(newClient(service), challenge, appCode(secret, clock()))).statusCode,
        200
      )
    }
  )

  const challengesOf = async ({ email }: Person) =>
    (
      await service.query(
        'SELECT 1 FROM "MfaChallenge" c JOIN "User" u ON u."id" = c."userId" WHERE u."email" = $1',
        [email]
      )
    ).length

  await t.test(
    'ENU-04 a taken address is answered alike; its challenge fails like an expired one',
    async () => {
      const { email } = newPerson()
      const person = { email, password: 'gigantic purple hat' }
      const shapes = []
      for (const round of ['free', 'unproven', 'claimed'] as const) {
        if (round === 'claimed') {
          assert.equal(await challengesOf(person), 1, 'the second sign-up made none')
          await linkTo(mailbox, person, '/registration/')
          await confirm(service, await linkTo(mailbox, person, '/registration/'), person)
        }
        const answer = await signUp(newClient(service), person)
        const setup = assertSetupAsked(answer)
        const { setup_challenge_id: _, ...rest } = answer.json()
        shapes.push({
          status: answer.statusCode,
          rest,
          length: setup.length,
          names: Object.keys(answer.headers).toSorted()
        })
        const begun = await beginSetup(newClient(service), setup)
        if (round === 'free') assert.equal(begun.statusCode, 200)
        else assertProblem(begun, 401, 'setup_challenge_invalid')
      }
      assert.deepEqual(shapes[1], shapes[0])
      assert.deepEqual(shapes[2], shapes[0])
      assert.equal(await challengesOf(person), 0)
    }
  )

  await t.test(
    'EML-10 a reset as the first proof drops what was set up before, and asks no factor',
    async () => {
      const person = newPerson()
      const setup = assertSetupAsked(await signUp(newClient(service), person))
      await enrol(service, newClient(service), setup)
      const { client } = await openReset(service, mailbox, person)
      const fresh = assertSetupAsked(await setNew(client, 'entirely other words'))
      assert.equal(await rowsOf(service, person), 1, 'nothing but the new challenge')
      assert.equal((await beginSetup(newClient(service), fresh)).statusCode, 200)
    }
  )

  await t.test('EML-10 the link of a later sign-up drops what an earlier one set up', async () => {
    const person = newPerson()
    const setup = assertSetupAsked(await signUp(newClient(service), person))
    await enrol(service, newClient(service), setup)
    await linkTo(mailbox, person, '/registration/')
    const later = { ...person, password: 'entirely other words' }
    await signUp(newClient(service), later)
    await confirm(service, await linkTo(mailbox, person, '/registration/'), later)
    assert.equal(await rowsOf(service, person), 0)
    assertSetupAsked(await signIn(newClient(service), later))
    assertProblem(await signIn(newClient(service), person), 401, 'incorrect_credentials')
  })

  await t.test(
    'EML-10 of a contested address the factor stays with the password it was set up under',
    async () => {
      for (const keeps of [true, false]) {
        const person = newPerson()
        const setup = assertSetupAsked(await signUp(newClient(service), person))
        await enrol(service, newClient(service), setup)
        const link = await linkTo(mailbox, person, '/registration/')
        await signUp(newClient(service), { ...person, password: 'a stranger’s own hat' })
        if (keeps) {
          await confirm(service, link, person)
          assertChallenged(await signIn(newClient(service), person))
        } else {
          const chosen = 'entirely other words'
          const fields = { new_password1: chosen, new_password2: chosen }
          const url = new URL(link).pathname
          assert.equal(
            (await service.inject({ method: 'POST', url, payload: fields })).statusCode,
            303
          )
          assert.equal(await rowsOf(service, person), 0)
          assertSetupAsked(await signIn(newClient(service), { ...person, password: chosen }))
        }
      }
    }
  )
})

/** How much of a second factor an account has, finished or not. */
async function rowsOf({ query }: TestApp, { email }: Person): Promise<number> {
  const [row] = await query<{ count: number }>(
    `SELECT (SELECT count(*) FROM "Authenticator" WHERE "userId" = u."id")::int
      + (SELECT count(*) FROM "RecoveryCode" WHERE "userId" = u."id")::int
      + (SELECT count(*) FROM "MfaChallenge" WHERE "userId" = u."id")::int AS "count"
     FROM "User" u WHERE u."email" = $1`,
    [email]
  )
  return row?.count ?? Number.NaN
}

test('MFA-24 a change of the mode, with somebody enrolled and somebody not', async t => {
  const first = await startApp(t, optional)
  const enrolled = await newEnrolled(first)
  const { person: plain, client: plainClient } = await newMember(first)
  const inMode = (mode: string) =>
    startAppOn(t, first.databaseUrl, { ...patient, JWT_ALLAUTH_MFA_TOTP_MODE: mode })
  const move = (client: typeof plainClient, service: TestApp) => {
    const moved = newClient(service)
    moved.access = client.access
    for (const [name, value] of client.cookies) moved.cookies.set(name, value)
    return moved
  }

  const required = await inMode('required')
  await t.test(
    'required: the enrolled are challenged, the others set up, sessions without a factor end',
    async () => {
      assertChallenged(await signIn(newClient(required), enrolled.person))
      assertSetupAsked(await signIn(newClient(required), plain))
      assert.equal((await refresh(move(enrolled.client, required))).statusCode, 200)
      const old = move(plainClient, required)
      assertProblem(await readUser(old), 401, 'token_not_valid')
      assertProblem(await beginSetup(old), 401, 'token_not_valid')
      assertProblem(await refresh(old), 401, 'token_not_valid')
    }
  )

  const disabled = await inMode('disabled')
  const inside = newClient(disabled)
  await t.test(
    'disabled: no factor is asked for, and the log says loudly for how many',
    async () => {
      assert.ok((await signIn(inside, enrolled.person)).json().access)
      assert.deepEqual(claimsOf(inside.access ?? '').amr, ['pwd'])
      const warnings = disabled.logs
        .map(line => JSON.parse(line))
        .filter(({ level }) => level >= 40)
      assert.deepEqual(
        warnings.map(({ event, people }) => ({ event, people })),
        [{ event: 'mfa.ignored', people: 1 }]
      )
      assert.match(warnings[0].msg, /1 person has set up a second factor/)
    }
  )

  await t.test(
    'optional again: the factor is asked for again, also of sessions from in between',
    async () => {
      const again = await inMode('optional')
      assert.equal(
        again.logs.some(line => line.includes('mfa.ignored')),
        false
      )
      const between = move(inside, again)
      assertProblem(await readUser(between), 401, 'token_not_valid')
      assertProblem(await refresh(between), 401, 'token_not_valid')
      assertChallenged(await signIn(newClient(again), enrolled.person))
      assert.ok((await signIn(newClient(again), plain)).json().access)
    }
  )

  await t.test(
    'a setup challenge opens a session also after the mode became optional',
    async () => {
      const person = newPerson()
      const setup = assertSetupAsked(await signUp(newClient(required), person))
      const again = await inMode('optional')
      const client = newClient(again)
      await enrol(again, client, setup)
      assert.equal((await readUser(client)).statusCode, 200)
    }
  )
})

test('MFA-17 MFA-18 a seed that cannot be opened lets nobody in, and the operator hears of it', async t => {
  const service = await startApp(t, optional)
  const ada = await newEnrolled(service)
  const bob = await newEnrolled(service)
  const used = () =>
    service.query('SELECT "key", "fullAt" FROM "AttemptBudget" WHERE "fullAt" > now() ORDER BY 1')
  // The notices of the setup.
  const before = await used()
  // Each with the other's sealed seed: bound to the account, neither opens.
  await service.query(`
    UPDATE "Authenticator" a SET "sealedSecret" = b."sealedSecret"
    FROM "Authenticator" b WHERE a."id" <> b."id"`)
  for (const { person, secret } of [ada, bob]) {
    for (const seed of [ada.secret, bob.secret]) {
      const challenge = assertChallenged(await signIn(newClient(service), person))
      const answer = await verify(newClient(service), challenge, appCode(seed, service.clock()))
      assertProblem(answer, 503, 'unavailable')
      assert.ok(Number(answer.headers['retry-after']) > 0)
      assert.notEqual(secret, '')
    }
  }
  const errors = service.logs
    .map(line => JSON.parse(line))
    .filter(({ event }) => event === 'mfa.secret_unreadable')
  assert.equal(errors.length, 4)
  for (const { level, msg } of errors) {
    assert.equal(level, 50)
    assert.match(msg, /SECRET_KEY/)
  }
  assert.deepEqual(await used(), before, 'nothing was compared, so nothing was attempted')
  const challenge = await challengeFor(service, ada.person)
  const answer = await verifyRecovery(newClient(service), challenge, ada.recoveryCodes[0] ?? '')
  assert.equal(answer.statusCode, 200, 'recovery codes need no key')
})

test('OPS-02 a new SECRET_KEY: the fallback opens seeds until they are sealed again', async t => {
  const first = await startApp(t, optional)
  const { person, secret } = await newEnrolled(first)
  const old = first.config.SECRET_KEY
  const fresh = 'Wm4uZ8rT2pXcL6vNq0sYbE1kHf9aJdG3iOtQyRx7V5M='
  const second = await startAppOn(t, first.databaseUrl, {
    ...optional,
    SECRET_KEY: fresh,
    SECRET_KEY_FALLBACKS: old
  })
  await second.advance(60)
  const pass = async (service: TestApp) =>
    verify(
      newClient(service),
      await challengeFor(service, person),
      appCode(secret, service.clock())
    )
  assert.equal((await pass(second)).statusCode, 200)

  const { resealSecrets } = await import('../../src/mfa/reseal.js')
  assert.deepEqual(await resealSecrets(second.app.deps), { resealed: 1 })
  assert.deepEqual(await resealSecrets(second.app.deps), { resealed: 0 })
  await second.query('DELETE FROM "SigningKey"')
  const third = await startAppOn(t, first.databaseUrl, { ...optional, SECRET_KEY: fresh })
  await third.advance(120)
  assert.equal((await pass(third)).statusCode, 200)
  assert.equal((await pass(first)).statusCode, 503, 'the old key alone opens it no more')
})
