import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp, type TestApp } from '../support/app.js'
import { assertAbout, assertProblem, bearer, patient } from '../support/expect.js'
import {
  activate,
  appCode,
  beginSetup,
  challengeFor,
  enrol,
  fromBase32,
  newEnrolled,
  verify,
  verifyRecovery,
  wrongCode
} from '../support/factor.js'
import {
  type Answer,
  changePassword,
  claimsOf,
  logout,
  newClient,
  newMember,
  newPerson,
  type Person,
  readUser,
  refresh,
  refreshTokenOf,
  signedIn,
  signIn
} from '../support/people.js'

const optional = { JWT_ALLAUTH_MFA_TOTP_MODE: 'optional', ...patient }
const notRight = ['This code is not right.']

/** The mails that an account was sent or is about to be, in order. */
async function mailsTo({ query }: TestApp, { email }: Person) {
  const rows = await query<{ template: string; params: Record<string, unknown> }>(
    `SELECT "template", "params" FROM "Mail" WHERE "recipient" = $1 ORDER BY "createdAt", "id"`,
    [email]
  )
  return rows.map(({ template }) => template)
}

const sessionsOf = async ({ query }: TestApp, { email }: Person): Promise<number> =>
  (
    await query(
      'SELECT 1 FROM "Session" s JOIN "User" u ON u."id" = s."userId" WHERE u."email" = $1',
      [email]
    )
  ).length

/** Spends wrong codes on challenges of their own, as somebody with the password would. */
async function guess(service: TestApp, person: Person, secret: string, times: number) {
  const answers: Answer[] = []
  for (let index = 0; index < times; index++) {
    const client = newClient(service)
    const challenge = await challengeFor(service, person, client)
    answers.push(await verify(client, challenge, wrongCode(secret, service.clock(), index)))
  }
  return answers
}

test('disabled: 403 before a body is looked at, 401 for nobody', async t => {
  const service = await startApp(t)
  const { client } = await newMember(service)
  const routes = [
    ['POST', '/mfa/setup/', true],
    ['POST', '/mfa/activate/', true],
    ['POST', '/mfa/deactivate/', true],
    ['POST', '/mfa/recovery-codes/', true],
    ['GET', '/mfa/authenticators/', true],
    ['POST', '/mfa/verify/', false],
    ['POST', '/mfa/verify-recovery/', false]
  ] as const
  for (const [method, url, wantsBearer] of routes) {
    const payload = method === 'GET' ? undefined : { unknown: 1 }
    assertProblem(await client.send(method, url, payload), 403, 'mfa_disabled')
    const anonymous = await newClient(service).send(method, url, payload)
    if (wantsBearer) assertProblem(anonymous, 401, 'not_authenticated')
    else assertProblem(anonymous, 403, 'mfa_disabled')
  }
  const challenge = { setup_challenge_id: 'x'.repeat(43) }
  assertProblem(
    await newClient(service).send('POST', '/mfa/setup/', challenge),
    401,
    'not_authenticated'
  )
})

test('optional: setting up, signing in, giving up', async t => {
  const service = await startApp(t, {
    ...optional,
    JWT_ALLAUTH_TOTP_ISSUER: 'Häuser & Söhne',
    MAILS_PER_ADDRESS: '1000/min'
  })
  const { clock, query, advance } = service

  await t.test('setup shows secret, URI and picture, and nothing is active yet', async () => {
    const { client, person } = await newMember(service)
    const begun = await beginSetup(client)
    assert.equal(begun.statusCode, 200, begun.body)
    const { secret, provisioning_uri, qr_code, ...rest } = begun.json()
    assert.deepEqual(rest, {})
    assert.match(secret, /^[A-Z2-7]{32}$/)
    const issuer = encodeURIComponent('Häuser & Söhne')
    const label = encodeURIComponent(person.email)
    assert.equal(provisioning_uri, `otpauth://totp/${label}?secret=${secret}&issuer=${issuer}`)
    assert.match(qr_code, /^<svg /)
    assert.deepEqual((await client.send('GET', '/mfa/authenticators/')).json(), [])
    assert.ok((await signIn(newClient(service), person)).json().access)
  })

  await t.test(
    'activation: ten codes once, no tokens for a bearer, and the list says so',
    async () => {
      const { client } = await newMember(service)
      const { secret } = (await beginSetup(client)).json()
      const answer = await activate(client, appCode(secret, clock()))
      assert.equal(answer.statusCode, 200)
      const { success, recovery_codes, ...rest } = answer.json()
      assert.deepEqual({ success, rest }, { success: true, rest: {} })
      assert.equal(new Set(recovery_codes).size, 10)
      for (const code of recovery_codes)
        assert.match(code, /^([A-HJ-NP-Z2-9]{4}-){3}[A-HJ-NP-Z2-9]{4}$/)
      assert.equal(answer.headers['set-cookie'], undefined)
      const listed = (await client.send('GET', '/mfa/authenticators/')).json()
      assert.deepEqual(
        listed.map(({ id: _, created_at: when, ...more }: Record<string, string>) => {
          assert.ok(!Number.isNaN(Date.parse(String(when))))
          return more
        }),
        [
          { type: 'totp', last_used_at: null },
          { type: 'recovery_codes', last_used_at: null, codes_left: 10 }
        ]
      )
    }
  )

  await t.test(
    'sign-in answers with a challenge, and the code with a session that says so',
    async () => {
      const { person, secret } = await newEnrolled(service)
      const client = newClient(service)
      const before = await sessionsOf(service, person)
      const first = await signIn(client, person)
      assert.deepEqual(Object.keys(first.json()).toSorted(), ['challenge_id', 'mfa_required'])
      assert.equal(first.headers['set-cookie'], undefined)
      assert.equal(await sessionsOf(service, person), before)
      const answer = await verify(client, first.json().challenge_id, appCode(secret, clock()))
      assert.equal(answer.statusCode, 200, answer.body)
      assert.equal(await sessionsOf(service, person), before + 1)
      const { amr, acr, auth_time, iat } = claimsOf(answer.json().access)
      assert.deepEqual({ amr, acr }, { amr: ['pwd', 'otp'], acr: 'aal2' })
      assertAbout(Number(auth_time), Number(iat))
      assert.equal((await refresh(client)).statusCode, 200)
      assert.deepEqual(claimsOf(client.access ?? '').amr, ['pwd', 'otp'])
      const [totp] = (await client.send('GET', '/mfa/authenticators/')).json()
      assert.notEqual(totp.last_used_at, null)
    }
  )

  await t.test(
    'SES-18 the transport of the session is that of the request with the code',
    async () => {
      const { person, secret } = await newEnrolled(service)
      const client = newClient(service, { transport: 'body' })
      const challenge = await challengeFor(service, person, client)
      const answer = await verify(client, challenge, appCode(secret, clock()))
      assert.deepEqual(Object.keys(answer.json()), ['access', 'expires_in', 'refresh'])
      assert.equal((await refresh(client)).statusCode, 200)
    }
  )

  await t.test('MFA-03 the code that activated is used up', async () => {
    const { client, person } = await newMember(service)
    const { secret } = (await beginSetup(client)).json()
    const code = appCode(secret, clock())
    assert.equal((await activate(client, code)).statusCode, 200)
    const challenge = await challengeFor(service, person)
    assertProblem(await verify(newClient(service), challenge, code), 400, 'invalid_code', {
      code: notRight
    })
  })

  await t.test(
    'MFA-01 MFA-02 a code works once, on any challenge, and not again 35 seconds later',
    async () => {
      const { person, secret } = await newEnrolled(service)
      const [first, second] = [
        await challengeFor(service, person),
        await challengeFor(service, person)
      ]
      const code = appCode(secret, clock())
      assert.equal((await verify(newClient(service), first, code)).statusCode, 200)
      assertProblem(await verify(newClient(service), second, code), 400, 'invalid_code', {
        code: notRight
      })
      await advance(35)
      assertProblem(await verify(newClient(service), second, code), 400, 'invalid_code', {
        code: notRight
      })
      assert.equal(
        (await verify(newClient(service), second, appCode(secret, clock()))).statusCode,
        200
      )
    }
  )

  await t.test('MFA-04 the next code, taken early, uses up the current one', async () => {
    const { person, secret } = await newEnrolled(service)
    const next = appCode(secret, clock(), 1)
    const current = appCode(secret, clock())
    assert.equal(
      (await verify(newClient(service), await challengeFor(service, person), next)).statusCode,
      200
    )
    assertProblem(
      await verify(newClient(service), await challengeFor(service, person), current),
      400,
      'invalid_code',
      { code: notRight }
    )
  })

  await t.test('MFA-22 what is no code is 400, and no attempt', async () => {
    const { person, secret } = await newEnrolled(service)
    const challenge = await challengeFor(service, person)
    const client = newClient(service)
    const right = appCode(secret, clock())
    const arabic = [...right].map(digit => String.fromCodePoint(0x660 + Number(digit))).join('')
    const codes = [
      123456,
      null,
      [right],
      { code: right },
      '',
      '12345',
      '1234567',
      'abcdef',
      arabic,
      '9'.repeat(10_000)
    ]
    for (const code of codes) {
      const answer = await client.send('POST', '/mfa/verify/', { challenge_id: challenge, code })
      assert.equal(answer.statusCode, 400, JSON.stringify(code)?.slice(0, 40))
      assert.equal(answer.json().code, 'validation_error')
      assert.deepEqual(Object.keys(answer.json().errors), ['code'])
    }
    const huge = await client.send('POST', '/mfa/verify/', {
      challenge_id: challenge,
      code: '9'.repeat(1_000_000)
    })
    assert.equal(huge.statusCode, 413)
    for (const challenge_id of [1, null, '', 'x'.repeat(5000)])
      assert.equal(
        (await client.send('POST', '/mfa/verify/', { challenge_id, code: right })).statusCode,
        400
      )
    assert.equal(
      (await verify(client, challenge, ` ${right.slice(0, 3)} ${right.slice(3)} `)).statusCode,
      200
    )
  })

  await t.test('MFA-08 a challenge lasts five minutes', async () => {
    const { person, secret } = await newEnrolled(service)
    const [early, late] = [await challengeFor(service, person), await challengeFor(service, person)]
    await advance(290)
    assert.equal(
      (await verify(newClient(service), early, appCode(secret, clock()))).statusCode,
      200
    )
    await advance(30)
    assertProblem(
      await verify(newClient(service), late, appCode(secret, clock())),
      400,
      'challenge_invalid'
    )
  })

  await t.test(
    'MFA-08 what changes the credentials, or ends the account, kills challenges',
    async () => {
      const ends: [
        string,
        (person: Person, client: ReturnType<typeof newClient>) => Promise<unknown>
      ][] = [
        [
          'password change',
          (person, client) => changePassword(client, person, 'entirely other words')
        ],
        ['logout-all', (_, client) => client.send('POST', '/logout-all/', {})],
        [
          'deactivation',
          ({ password }, client) => client.send('POST', '/mfa/deactivate/', { password })
        ],
        [
          'disabling',
          ({ email }) => query('UPDATE "User" SET "isActive" = false WHERE "email" = $1', [email])
        ]
      ]
      for (const [name, end] of ends) {
        const { person, client, secret, recoveryCodes } = await newEnrolled(service)
        const challenge = await challengeFor(service, person)
        await end(person, client)
        const answer = await verify(newClient(service), challenge, appCode(secret, clock()))
        assert.equal(answer.json().code, 'challenge_invalid', name)
        const other = await verifyRecovery(newClient(service), challenge, recoveryCodes[0] ?? '')
        assert.equal(other.json().code, 'challenge_invalid', name)
      }
    }
  )

  await t.test('a challenge is one person’s, one kind, and good for one success', async () => {
    const { person, secret } = await newEnrolled(service)
    const other = await newEnrolled(service)
    const challenge = await challengeFor(service, person)
    const client = newClient(service)
    const foreign = await verify(client, challenge, appCode(other.secret, clock()))
    assertProblem(foreign, 400, 'invalid_code', { code: notRight })
    assertProblem(await beginSetup(newClient(service), challenge), 401, 'setup_challenge_invalid')
    assertProblem(
      await activate(newClient(service), '123456', challenge),
      401,
      'setup_challenge_invalid'
    )
    assert.equal((await verify(client, challenge, appCode(secret, clock()))).statusCode, 200)
    await advance(30)
    assertProblem(
      await verify(client, challenge, appCode(secret, clock())),
      400,
      'challenge_invalid'
    )
    assertProblem(
      await verify(client, 'x'.repeat(43), appCode(secret, clock())),
      400,
      'challenge_invalid'
    )
  })

  await t.test('JWT-06 a challenge opens nothing else, and no token is a challenge', async () => {
    const { person, client, secret } = await newEnrolled(service)
    const challenge = await challengeFor(service, person)
    const asBearer = await service.inject({
      method: 'GET',
      url: '/user/',
      headers: bearer(challenge)
    })
    assertProblem(asBearer, 401, 'token_not_valid')
    const asRefresh = await service.inject({
      method: 'POST',
      url: '/refresh/',
      payload: { refresh: challenge }
    })
    assertProblem(asRefresh, 401, 'token_not_valid')
    for (const token of [client.access, client.refreshToken]) {
      const short = (token ?? '').slice(0, 128)
      const answer = await verify(newClient(service), short, appCode(secret, clock()))
      assertProblem(answer, 400, 'challenge_invalid')
    }
  })

  await t.test(
    'MFA-11 activation ends the sessions that passed no factor; the caller’s goes on',
    async () => {
      const { client, person } = await newMember(service)
      const other = await signedIn(service, person)
      const authTime = claimsOf(client.access ?? '').auth_time as number
      await advance(60)
      await enrol(service, client)
      assert.equal(await sessionsOf(service, person), 1)
      assertProblem(await refresh(other), 401, 'token_not_valid')
      assertProblem(await readUser(other), 401, 'token_not_valid')
      assert.equal((await readUser(client)).statusCode, 200)
      assert.equal((await refresh(client)).statusCode, 200)
      const { amr, acr, auth_time } = claimsOf(client.access ?? '')
      assert.deepEqual({ amr, acr }, { amr: ['pwd', 'otp'], acr: 'aal2' })
      assert.equal(auth_time, authTime)
    }
  )

  await t.test(
    'EML-06 EML-09 whoever has a stolen session proves nothing by an app of their own',
    async () => {
      const { client } = await newMember(service)
      await advance(1200)
      await refresh(client)
      const move = () => client.send('PATCH', '/user/', { email: newPerson('thief').email })
      assertProblem(await move(), 403, 'reauthentication_required')
      await enrol(service, client)
      assertProblem(await move(), 403, 'reauthentication_required')
      const codes = await client.send('POST', '/mfa/recovery-codes/', {})
      assert.ok([400, 403].includes(codes.statusCode), codes.body)
    }
  )

  await t.test(
    'MFA-13 setups of two sessions do not touch each other, nor what is active',
    async () => {
      const { client: a, person } = await newMember(service)
      const b = await signedIn(service, person)
      const secretA = (await beginSetup(a)).json().secret
      const secretB = (await beginSetup(b)).json().secret
      assert.notEqual(secretA, secretB)
      assertProblem(await activate(b, appCode(secretA, clock())), 400, 'invalid_code', {
        code: notRight
      })
      assert.equal((await activate(a, appCode(secretA, clock()))).statusCode, 200)
      assertProblem(await activate(b, appCode(secretB, clock())), 401, 'token_not_valid')
      assertProblem(await beginSetup(a), 400, 'totp_already_active')
      assertProblem(await activate(a, appCode(secretA, clock())), 400, 'totp_already_active')
      await advance(30)
      const challenge = await challengeFor(service, person)
      const answer = await verify(newClient(service), challenge, appCode(secretA, clock()))
      assert.equal(answer.statusCode, 200)
    }
  )

  await t.test(
    'a new setup replaces the secret that waited; a wait of five minutes ends it',
    async () => {
      const { client } = await newMember(service)
      const before = (await beginSetup(client)).json().secret
      const after = (await beginSetup(client)).json().secret
      assertProblem(await activate(client, appCode(before, clock())), 400, 'invalid_code', {
        code: notRight
      })
      await advance(301)
      assertProblem(await activate(client, appCode(after, clock())), 400, 'setup_not_started')
      assertProblem(
        await activate((await newMember(service)).client, '123456'),
        400,
        'setup_not_started'
      )
    }
  )

  await t.test('MFA-14 a wrong code leaves nothing active, and the secret waits', async () => {
    const { client, person } = await newMember(service)
    const { secret } = (await beginSetup(client)).json()
    for (let index = 0; index < 3; index++) {
      const answer = await activate(client, wrongCode(secret, clock(), index))
      assertProblem(answer, 400, 'invalid_code', { code: notRight })
    }
    assert.deepEqual((await client.send('GET', '/mfa/authenticators/')).json(), [])
    assert.ok((await signIn(newClient(service), person)).json().access)
    assert.equal((await activate(client, appCode(secret, clock()))).statusCode, 200)
  })

  await t.test('MFA-16 a recovery code works once, however it is typed', async () => {
    const { person, recoveryCodes } = await newEnrolled(service)
    const [first = '', second = '', third = '', fourth = '', fifth = ''] = recoveryCodes
    const spellings = [
      first.toLowerCase(),
      second.replaceAll('-', ''),
      `  ${third.replaceAll('-', ' – ')} `,
      fourth.replaceAll('-', '\u2212\u200b'),
      fifth.replaceAll(/\w/g, letter => String.fromCodePoint((letter.codePointAt(0) ?? 0) + 0xfee0))
    ]
    for (const spelling of spellings) {
      const client = newClient(service)
      const answer = await verifyRecovery(client, await challengeFor(service, person), spelling)
      assert.equal(answer.statusCode, 200, `${spelling}: ${answer.body}`)
      const { amr, acr } = claimsOf(answer.json().access)
      assert.deepEqual({ amr, acr }, { amr: ['pwd', 'rc'], acr: 'aal2' })
    }
    for (const used of [...spellings, first, 'AAAA-AAAA-AAAA-AAAA', '------']) {
      const challenge = await challengeFor(service, person)
      const answer = await verifyRecovery(newClient(service), challenge, used)
      assertProblem(answer, 400, 'invalid_code', { recovery_code: notRight })
      // What failed here shall not add up to a lockout.
      await query('DELETE FROM "AttemptBudget"')
    }
  })

  await t.test(
    'MFA-23 mails: on, codes used, few left, attempts after the right password, off',
    async () => {
      const { person, client, secret, recoveryCodes } = await newEnrolled(service)
      assert.deepEqual(await mailsTo(service, person), ['mfa-enabled'])
      for (const code of recoveryCodes.slice(0, 9))
        await verifyRecovery(newClient(service), await challengeFor(service, person), code)
      const used = Array.from({ length: 9 }, () => 'recovery-code-used')
      const mails = await mailsTo(service, person)
      assert.deepEqual(mails, [
        'mfa-enabled',
        ...used.slice(0, 8),
        'recovery-codes-low',
        ...used.slice(8)
      ])
      const low = await query(
        `SELECT "params"->>'remaining' AS "left" FROM "Mail" WHERE "recipient" = $1 AND "template" = 'recovery-codes-low'`,
        [person.email]
      )
      assert.deepEqual(low, [{ left: '2' }])
      await guess(service, person, secret, 2)
      assert.equal(
        (await mailsTo(service, person)).includes('mfa-attempts'),
        false,
        'two are slips'
      )
      await guess(service, person, secret, 4)
      await client.send('POST', '/mfa/deactivate/', { password: person.password })
      assert.deepEqual((await mailsTo(service, person)).slice(11), ['mfa-attempts', 'mfa-disabled'])
      const params = await query<{ params: object }>('SELECT "params" FROM "Mail"')
      const said = JSON.stringify(params)
      for (const secretText of [secret, person.password, ...recoveryCodes])
        assert.equal(said.includes(secretText), false)
    }
  )

  await t.test('MFA-20 one sees one’s own, and no secret', async () => {
    const ada = await newEnrolled(service)
    const bob = await newEnrolled(service)
    const answer = await ada.client.send('GET', '/mfa/authenticators/')
    const others = (await bob.client.send('GET', '/mfa/authenticators/')).json()
    for (const { id } of others) assert.equal(answer.body.includes(id), false)
    const keys = answer.json().flatMap((entry: object) => Object.keys(entry))
    assert.deepEqual([...new Set(keys)].toSorted(), [
      'codes_left',
      'created_at',
      'id',
      'last_used_at',
      'type'
    ])
  })

  await t.test(
    'new recovery codes: the old are dead, a password or a fresh sign-in is asked for',
    async () => {
      const { person, client, recoveryCodes } = await newEnrolled(service)
      const fresh = await client.send('POST', '/mfa/recovery-codes/', {})
      assert.equal(fresh.statusCode, 200, fresh.body)
      await advance(601)
      assertProblem(
        await client.send('POST', '/mfa/recovery-codes/', {}),
        403,
        'reauthentication_required'
      )
      const wrong = await client.send('POST', '/mfa/recovery-codes/', { password: 'no' })
      assertProblem(wrong, 400, 'incorrect_password', { password: ['The password is not right.'] })
      const renewed = await client.send('POST', '/mfa/recovery-codes/', {
        password: person.password
      })
      const codes = renewed.json().recovery_codes
      assert.equal(new Set([...codes, ...recoveryCodes, ...fresh.json().recovery_codes]).size, 30)
      for (const dead of [recoveryCodes[0], fresh.json().recovery_codes[0]]) {
        const challenge = await challengeFor(service, person)
        const answer = await verifyRecovery(newClient(service), challenge, dead)
        assertProblem(answer, 400, 'invalid_code', { recovery_code: notRight })
      }
      const challenge = await challengeFor(service, person)
      assert.equal((await verifyRecovery(newClient(service), challenge, codes[0])).statusCode, 200)
      const { client: nobody } = await newMember(service)
      assertProblem(await nobody.send('POST', '/mfa/recovery-codes/', {}), 400, 'totp_not_active')
    }
  )

  await t.test(
    'MFA-12 giving up takes the password, and the factor the session passed',
    async () => {
      const { person, client } = await newEnrolled(service)
      const { password } = person
      assertProblem(await client.send('POST', '/mfa/deactivate/', {}), 400, 'validation_error', {
        password: ['This field is required.']
      })
      const wrong = await client.send('POST', '/mfa/deactivate/', { password: 'no' })
      assertProblem(wrong, 400, 'incorrect_password', { password: ['The password is not right.'] })
      const done = await client.send('POST', '/mfa/deactivate/', { password })
      assert.deepEqual([done.statusCode, done.json()], [200, { success: true }])
      assert.equal((await readUser(client)).statusCode, 200, 'sessions stay')
      assert.deepEqual((await client.send('GET', '/mfa/authenticators/')).json(), [])
      assert.ok((await signIn(newClient(service), person)).json().access)
      assertProblem(
        await client.send('POST', '/mfa/deactivate/', { password }),
        400,
        'totp_not_active'
      )
    }
  )

  await t.test('MFA-16 after giving up and setting up again the old codes are dead', async () => {
    const { person, client, recoveryCodes } = await newEnrolled(service)
    await client.send('POST', '/mfa/deactivate/', { password: person.password })
    const again = await enrol(service, client)
    const challenge = await challengeFor(service, person)
    const old = await verifyRecovery(newClient(service), challenge, recoveryCodes[0] ?? '')
    assertProblem(old, 400, 'invalid_code', { recovery_code: notRight })
    const good = await verifyRecovery(newClient(service), challenge, again.recoveryCodes[0] ?? '')
    assert.equal(good.statusCode, 200)
  })

  await t.test(
    're-authentication renews auth_time and amr, and the refresh token goes on',
    async () => {
      const { person, client } = await newEnrolled(service)
      const held = client.refreshToken
      const before = claimsOf(client.access ?? '')
      await advance(700)
      const wrong = await client.send('POST', '/reauthenticate/', { password: 'no' })
      assertProblem(wrong, 400, 'incorrect_password', { password: ['The password is not right.'] })
      const answer = await client.send('POST', '/reauthenticate/', { password: person.password })
      assert.deepEqual(Object.keys(answer.json()), ['access', 'expires_in'])
      const after = claimsOf(answer.json().access)
      assert.ok((after.auth_time as number) >= (before.auth_time as number) + 700)
      assert.deepEqual(after.amr, ['pwd', 'otp'])
      assert.equal(after.session, before.session)
      assert.equal(client.refreshToken, held)
      assert.equal((await refresh(client)).statusCode, 200)
      assert.equal(claimsOf(client.access ?? '').auth_time, after.auth_time)
      assertProblem(
        await newClient(service).send('POST', '/reauthenticate/', { password: person.password }),
        401,
        'not_authenticated'
      )
    }
  )
})

test('budgets of wrong codes', async t => {
  const service = await startApp(t, optional)
  const { clock, advance } = service

  await t.test('MFA-05 five wrong codes end a challenge, of both kinds together', async () => {
    const { person, secret } = await newEnrolled(service)
    const client = newClient(service)
    const challenge = await challengeFor(service, person, client)
    for (let index = 0; index < 4; index++) {
      const answer =
        index % 2 === 0
          ? await verify(client, challenge, wrongCode(secret, clock(), index))
          : await verifyRecovery(client, challenge, `AAAA-AAAA-AAAA-AAA${index}`)
      assert.equal(answer.json().code, 'invalid_code')
    }
    assertProblem(
      await verify(client, challenge, wrongCode(secret, clock())),
      400,
      'challenge_invalid'
    )
    assertProblem(
      await verify(client, challenge, appCode(secret, clock())),
      400,
      'challenge_invalid'
    )
  })

  await t.test(
    'MFA-06 MFA-07 ENU-12 ten wrong codes over any challenges lock codes, and say so to the right password alone',
    async () => {
      const { person, client: inside, secret, recoveryCodes } = await newEnrolled(service)
      const early = await challengeFor(service, person)
      const answers = await guess(service, person, secret, 10)
      assert.deepEqual(
        answers.map(({ statusCode }) => statusCode),
        [...Array.from({ length: 9 }, () => 400), 429]
      )
      const locked = answers[9] as Answer
      assertProblem(locked, 429, 'throttled')
      assert.ok(
        Number(locked.headers['retry-after']) > 890 && Number(locked.headers['retry-after']) <= 900
      )

      for (const answer of [
        await verify(newClient(service), early, appCode(secret, clock())),
        await verifyRecovery(newClient(service), early, recoveryCodes[0] ?? ''),
        await signIn(newClient(service), person)
      ]) {
        assertProblem(answer, 429, 'throttled')
        assert.ok(Number(answer.headers['retry-after']) > 0)
      }
      const stranger = await signIn(newClient(service), { ...person, password: 'not this one' })
      assertProblem(stranger, 401, 'incorrect_credentials')
      assert.equal((await readUser(inside)).statusCode, 200, 'who is inside stays inside')

      await advance(270)
      // The challenge of before is still there: the lockout kept it, only time ends it.
      assertProblem(
        await verify(newClient(service), early, appCode(secret, clock())),
        429,
        'throttled'
      )
      await advance(631)
      const challenge = await challengeFor(service, person)
      assert.equal(
        (await verify(newClient(service), challenge, appCode(secret, clock()))).statusCode,
        200
      )
    }
  )

  await t.test(
    'MFA-06 a success clears the count, new challenges and wrong passwords leave it',
    async () => {
      const { person, secret } = await newEnrolled(service)
      for (let index = 0; index < 30; index++)
        await signIn(newClient(service), { ...person, password: 'not this one' })
      await guess(service, person, secret, 9)
      const challenge = await challengeFor(service, person)
      assert.equal(
        (await verify(newClient(service), challenge, appCode(secret, clock()))).statusCode,
        200
      )
      const answers = await guess(service, person, secret, 10)
      assert.equal(answers[8]?.statusCode, 400)
      assert.equal(answers[9]?.statusCode, 429)
    }
  )

  await t.test('MFA-12 codes of a re-authentication draw on the same budget', async () => {
    const { person, client, secret } = await newEnrolled(service)
    const { password } = person
    await guess(service, person, secret, 9)
    const code = wrongCode(secret, clock())
    const answer = await client.send('POST', '/mfa/deactivate/', { password, code })
    assertProblem(answer, 429, 'throttled')
    const right = await client.send('POST', '/reauthenticate/', {
      password,
      code: appCode(secret, clock())
    })
    assertProblem(right, 429, 'throttled')
  })

  await t.test(
    'MFA-06 MFA-12 a change of address checks a code that is sent, behind a fresh proof alone',
    async () => {
      const { person, client, secret } = await newEnrolled(service)
      const patch = (payload: object) => client.send('PATCH', '/user/', payload)
      const next = newPerson('augusta').email
      const wrong = await patch({ email: next, code: wrongCode(secret, clock()) })
      assertProblem(wrong, 400, 'invalid_code', { code: notRight })
      assert.equal((await readUser(client)).json().email, person.email)
      const code = appCode(secret, clock())
      assert.equal((await patch({ email: next, code })).json().email, next)
      const again = await patch({ email: person.email, code })
      assertProblem(again, 400, 'invalid_code', { code: notRight })
      await advance(601)
      // With neither password nor fresh session nobody spends the attempts that the owner needs.
      for (let index = 0; index < 11; index++) {
        const answer = await patch({ first_name: 'Eve', code: wrongCode(secret, clock(), index) })
        assertProblem(answer, 403, 'reauthentication_required')
      }
      const { password } = person
      const back = await patch({ email: person.email, password, code: appCode(secret, clock()) })
      assert.equal(back.json().email, person.email)
    }
  )

  await t.test('one account’s wrong codes are no other’s', async () => {
    const ada = await newEnrolled(service)
    const bob = await newEnrolled(service)
    await guess(service, ada.person, ada.secret, 10)
    const challenge = await challengeFor(service, bob.person)
    assert.equal(
      (await verify(newClient(service), challenge, appCode(bob.secret, clock()))).statusCode,
      200
    )
  })
})

test('with the session check off an ended session and the password move no enrolled account', async t => {
  const lax = { ...optional, JWT_ALLAUTH_ACCESS_TOKEN_SESSION_CHECK: 'false' }
  const service = await startApp(t, lax)
  const { person, client } = await newEnrolled(service)
  await logout(client)
  const { password, email } = person
  const answer = await client.send('PATCH', '/user/', { email: newPerson('eve').email, password })
  assertProblem(answer, 401, 'token_not_valid')
  assert.equal((await readUser(client)).json().email, email)
})

test('0 is no limit of either kind', async t => {
  const service = await startApp(t, {
    ...optional,
    JWT_ALLAUTH_MFA_CHALLENGE_MAX_ATTEMPTS: '0',
    JWT_ALLAUTH_MFA_MAX_ATTEMPTS: '0'
  })
  const { person, secret } = await newEnrolled(service)
  const challenge = await challengeFor(service, person)
  for (let index = 0; index < 15; index++) {
    const code = wrongCode(secret, service.clock(), index)
    assert.equal((await verify(newClient(service), challenge, code)).json().code, 'invalid_code')
  }
  const answer = await verify(newClient(service), challenge, appCode(secret, service.clock()))
  assert.equal(answer.statusCode, 200)
})

test('BRF-14 requests around the second factor are limited per network', async t => {
  const service = await startApp(t, {
    ...optional,
    RATE_LIMIT_ENABLED: 'true',
    RATE_LIMIT_MFA: '3/min'
  })
  for (let index = 0; index < 3; index++)
    assert.equal((await verify(newClient(service), 'x'.repeat(43), '123456')).statusCode, 400)
  assertProblem(await verifyRecovery(newClient(service), 'x', 'y'), 429, 'throttled')
})

test('DAT-01 LOG-02 neither a dump of the database nor the log holds what was on the wire', async t => {
  const service = await startApp(t, optional)
  const { person, client, secret, recoveryCodes } = await newEnrolled(service)
  const pending = (await beginSetup((await newMember(service)).client)).json().secret
  const challenge = await challengeFor(service, person)
  const open = await challengeFor(service, person)
  const code = appCode(secret, service.clock())
  const answer = await verify(client, challenge, code)
  await verifyRecovery(newClient(service), open, recoveryCodes[0] ?? '')
  await verify(
    newClient(service),
    await challengeFor(service, person),
    wrongCode(secret, service.clock())
  )
  const live = await challengeFor(service, person)

  const tables = await service.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`
  )
  const dumps = await Promise.all(
    tables.map(({ name }) => service.query(`SELECT to_jsonb(t)::text AS row FROM "${name}" t`))
  )
  const dump = JSON.stringify(dumps).toLowerCase()
  const logs = service.logs.join('').toLowerCase()
  assert.ok(dump.includes(person.email), 'the dump is one')
  const secrets = [secret, pending, challenge, open, live, refreshTokenOf(answer), ...recoveryCodes]
  const seeds = [secret, pending].map(text => fromBase32(text))
  const forms = [
    ...secrets.flatMap(text => [
      text,
      text.replaceAll('-', ''),
      Buffer.from(text).toString('hex'),
      Buffer.from(text).toString('base64').replaceAll('=', '')
    ]),
    ...seeds.flatMap(seed => [seed.toString('hex'), seed.toString('base64').replaceAll('=', '')])
  ]
  for (const form of forms) {
    assert.equal(dump.includes(form.toLowerCase()), false, `${form} is in the database`)
    assert.equal(logs.includes(form.toLowerCase()), false, `${form} is in the log`)
  }
  assert.equal(new RegExp(`\\D${code}\\D`).test(logs), false)
})
