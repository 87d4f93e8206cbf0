import assert from 'node:assert/strict'
import test from 'node:test'
import { startApp, startAppOn } from '../support/app.js'
import {
  assertAbout,
  assertCookie,
  assertProblem,
  cookieOf,
  patient,
  withoutTraces
} from '../support/expect.js'
import {
  claimsOf,
  newClient,
  newMember,
  newPerson,
  presentAccess,
  refreshTokenOf,
  signedIn,
  signIn,
  signUp
} from '../support/people.js'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const post = (payload: unknown, headers = {}) => ({
  method: 'POST' as const,
  url: '/login/',
  payload: payload as object,
  headers
})

test('login', async t => {
  const service = await startApp(t, patient)
  const { person } = await newMember(service)
  const { email, password } = person

  await t.test('answers the access token and puts the refresh token in a cookie', async () => {
    const answer = await service.inject(post({ email, password }))
    assert.equal(answer.statusCode, 200)
    assert.deepEqual(Object.keys(answer.json()), ['access', 'expires_in'])
    const token = assertCookie(answer, 'refresh_token', {
      'Max-Age': String(14 * 86_400),
      Path: '/',
      HttpOnly: '',
      SameSite: 'Lax'
    })
    assert.equal(claimsOf(token).token_type, 'refresh')
  })

  await t.test(
    'SES-18 by X-Refresh-Transport: body the token is in the body, in no cookie',
    async () => {
      const answer = await service.inject(
        post({ email, password }, { 'x-refresh-transport': 'body' })
      )
      assert.deepEqual(Object.keys(answer.json()), ['access', 'expires_in', 'refresh'])
      assert.equal(cookieOf(answer, 'refresh_token'), null)
      assert.equal(claimsOf(answer.json().refresh).token_type, 'refresh')
    }
  )

  await t.test('an unknown transport is a mistake in that header', async () => {
    const answer = await service.inject(
      post({ email, password }, { 'x-refresh-transport': 'pigeon' })
    )
    assertProblem(answer, 400, 'validation_error', {
      'x-refresh-transport': ['This value is not valid.']
    })
  })

  await t.test('JWT-15 the access token has the documented claims and no others', async () => {
    const { access } = (await service.inject(post({ email, password }))).json()
    const header = JSON.parse(Buffer.from(access.split('.')[0], 'base64url').toString())
    assert.equal(header.alg, 'ES256')
    assert.equal(header.typ, 'at+jwt')
    const { keys } = (await service.inject({ method: 'GET', url: '/.well-known/jwks.json' })).json()
    assert.ok(keys.some((key: { kid: string }) => key.kid === header.kid))
    const claims = claimsOf(access)
    const { sub, sid, jti, iat, exp, auth_time, session_iat, ...rest } = claims
    assert.deepEqual(rest, {
      token_type: 'access',
      iss: 'http://localhost:3000',
      aud: 'http://localhost:3000',
      client_id: 'postern',
      user_id: sub,
      session: sid,
      amr: ['pwd'],
      acr: 'aal1',
      role: 0,
      role_name: 'user',
      email_verified: true
    })
    assert.match(String(sub), uuid)
    assert.match(String(sid), uuid)
    assert.match(String(jti), /^[0-9a-f-]{36}$/)
    assertAbout(Number(exp) - Number(iat), 1800)
    assertAbout(Number(auth_time), Number(iat))
    assert.equal(auth_time, session_iat)
  })

  await t.test('the refresh token differs in kind, audience and life', async () => {
    const answer = await service.inject(post({ email, password }))
    const access = claimsOf(answer.json().access)
    const refresh = claimsOf(refreshTokenOf(answer))
    assert.equal(refresh.token_type, 'refresh')
    assert.equal(refresh.aud, 'http://localhost:3000/refresh')
    assertAbout(Number(refresh.exp) - Number(refresh.iat), 14 * 86_400)
    assert.equal(refresh.session, access.session)
    assert.notEqual(refresh.jti, access.jti)
  })

  await t.test('EML-01 the address is taken in any case and with spaces around it', async () => {
    for (const typed of [
      email.toUpperCase(),
      `  ${email}\t`,
      email.replace('example', 'EXAMPLE')
    ]) {
      const answer = await service.inject(post({ email: typed, password }))
      assert.equal(answer.statusCode, 200, typed)
    }
  })

  await t.test('PWD-05 a password is taken as it is: no trimming, no case folding', async () => {
    for (const wrong of [` ${password}`, `${password} `, password.toUpperCase()]) {
      assertProblem(
        await service.inject(post({ email, password: wrong })),
        401,
        'incorrect_credentials'
      )
    }
  })

  await t.test('PWD-04 a composed letter typed decomposed is the same letter', async () => {
    const composed = { ...newPerson(), password: 'élégante chaise à Orléans' }
    assert.equal((await signUp(newClient(service), composed)).statusCode, 201)
    const decomposed = { email: composed.email, password: composed.password.normalize('NFD') }
    assert.equal((await service.inject(post(decomposed))).statusCode, 200)
  })

  await t.test(
    'PWD-02 PWD-04 256 characters, each typed as two code points, are all significant',
    async () => {
      const long = {
        ...newPerson(),
        password: 'wörter über bäume '.repeat(20).slice(0, 255).padEnd(256, 'é')
      }
      assert.equal(Array.from(long.password).length, 256)
      assert.equal((await signUp(newClient(service), long)).statusCode, 201)
      const typed = long.password.normalize('NFD')
      assert.equal(
        (await service.inject(post({ email: long.email, password: typed }))).statusCode,
        200
      )
      const other = `${long.password.slice(0, -1)}e`
      assertProblem(
        await service.inject(post({ email: long.email, password: other })),
        401,
        'incorrect_credentials'
      )
    }
  )

  await t.test('HTP-04 what is missing, unknown or no text is told by field', async () => {
    const cases: [unknown, Record<string, string[]>][] = [
      [{}, { email: ['This field is required.'], password: ['This field is required.'] }],
      [null, { email: ['This field is required.'], password: ['This field is required.'] }],
      [{ email, password, remember: true }, { remember: ['This field is not known here.'] }],
      [{ email: [email], password }, { email: ['This field must be a text.'] }],
      [{ email: { not: '' }, password }, { email: ['This field must be a text.'] }],
      [{ email, password: 12_345_678 }, { password: ['This field must be a text.'] }],
      [{ email, password: true }, { password: ['This field must be a text.'] }],
      [
        { email: null, password: null },
        { email: ['This field must be a text.'], password: ['This field must be a text.'] }
      ],
      [
        { email: '', password: '' },
        { email: ['This field may not be blank.'], password: ['This field may not be blank.'] }
      ],
      [
        { email: `${'a'.repeat(255)}@x.yz`, password },
        { email: ['This field may have at most 254 characters.'] }
      ],
      [[{ email, password }], { non_field_errors: ['A JSON object is expected.'] }]
    ]
    for (const [payload, errors] of cases) {
      const answer = await service.app.inject({
        method: 'POST',
        url: '/login/',
        headers: { 'content-type': 'application/json' },
        payload: JSON.stringify(payload)
      })
      assertProblem(answer, 400, 'validation_error', errors)
    }
  })

  await t.test('ENU-01 four reasons to refuse look alike to the byte', async () => {
    const disabled = (await newMember(service)).person
    const passwordless = (await newMember(service)).person
    const unverified = (await newMember(service)).person
    const setting = (email: string, set: string) =>
      service.query(`UPDATE "User" SET ${set} WHERE "email" = $1`, [email])
    await setting(disabled.email, '"isActive" = false')
    await setting(passwordless.email, '"passwordHash" = NULL')
    await setting(unverified.email, '"emailVerifiedAt" = NULL')
    const tries = [
      { email: newPerson().email, password },
      { email: 'no address at all', password },
      { email, password: 'another purple hat' },
      { email: disabled.email, password: 'another purple hat' },
      { email: disabled.email, password: disabled.password },
      { email: passwordless.email, password },
      // ENU-03: that an address was never verified is not told to somebody without the password.
      { email: unverified.email, password: 'another purple hat' }
    ]
    const answers = []
    for (const payload of tries) answers.push(withoutTraces(await service.inject(post(payload))))
    assert.equal(answers[0]?.statusCode, 401)
    for (const answer of answers) assert.deepEqual(answer, answers[0])
    assert.equal(answers[0]?.headers['set-cookie'], undefined)
  })

  await t.test('PWD-11 a password longer than any can be is wrong, not a mistake', async () => {
    const answers = [
      await service.inject(post({ email, password: 'x'.repeat(257) })),
      await service.inject(post({ email, password: 'x'.repeat(1024) })),
      await service.inject(post({ email, password: 'wrong' }))
    ].map(withoutTraces)
    for (const answer of answers) assert.deepEqual(answer, answers[2])
    assertProblem(
      await service.inject(post({ email, password: 'x'.repeat(1025) })),
      400,
      'validation_error',
      {
        password: ['This field may have at most 1024 characters.']
      }
    )
    assertProblem(
      await service.inject(post({ email, password: 'x'.repeat(1e6) })),
      413,
      'payload_too_large'
    )
  })

  await t.test('HSH-08 what is no hash is a wrong password and a line in the log', async () => {
    const { person: broken } = await newMember(service)
    for (const stored of ['', 'x', '$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA', 'pbkdf2_sha256$1$a$b']) {
      await service.query('UPDATE "User" SET "passwordHash" = $2 WHERE "email" = $1', [
        broken.email,
        stored
      ])
      assertProblem(await service.inject(post(broken)), 401, 'incorrect_credentials')
    }
    assert.ok(service.logs.some(line => line.includes('password.corrupt_hash')))
  })

  await t.test('a stale, foreign or broken bearer is ignored here', async () => {
    for (const authorization of ['Bearer', 'Bearer %', 'Bearer a.b.c', 'Basic YTpi', 'nonsense']) {
      assert.equal(
        (await service.inject(post({ email, password }, { authorization }))).statusCode,
        200
      )
    }
  })

  await t.test(
    'SES-16 SES-17 a sign-in makes one session of its own, whatever cookie came along',
    async () => {
      const { person: ada, client } = await newMember(service)
      const before = client.sessionId
      const { statusCode } = await signIn(client, ada)
      assert.equal(statusCode, 200)
      assert.notEqual(client.sessionId, before)
      const sessions = await service.query<{ id: string }>(
        'SELECT s."id" FROM "Session" s JOIN "User" u ON u."id" = s."userId" WHERE u."email" = $1',
        [ada.email]
      )
      assert.deepEqual(sessions.map(({ id }) => id).sort(), [before, client.sessionId].sort())
      await service.inject(post({ ...ada, password: 'wrong' }))
      await service.inject(post({ email: ada.email }))
      const { length } = await service.query('SELECT 1 FROM "Session" WHERE "id" = ANY ($1)', [
        sessions.map(({ id }) => id)
      ])
      assert.equal(length, 2)
    }
  )

  await t.test('the slash at the end may be missing; a HEAD does nothing', async () => {
    const answer = await service.inject({ ...post({ email, password }), url: '/login' })
    assert.equal(answer.statusCode, 200)
    const head = await service.inject({ method: 'HEAD', url: '/login/' })
    assert.equal(head.statusCode, 200)
    assert.equal(head.body, '')
    assert.equal(head.headers['set-cookie'], undefined)
  })

  await t.test('HTP-11 the device is kept, cut to what the table takes', async () => {
    const { person: ada } = await newMember(service)
    const agent = `Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0 ${'x'.repeat(2000)}`
    const client = await signedIn(service, ada, {
      headers: { 'user-agent': agent },
      address: '192.0.2.7'
    })
    const [row] = await service.query('SELECT "ip", "userAgent" FROM "Session" WHERE "id" = $1', [
      client.sessionId
    ])
    assert.deepEqual(row, { ip: '192.0.2.7', userAgent: agent.slice(0, 512) })
  })

  await t.test(
    'with JWT_ALLAUTH_COLLECT_USER_AGENT=false nothing is kept of the device',
    async t => {
      const discreet = await startAppOn(t, service.databaseUrl, {
        JWT_ALLAUTH_COLLECT_USER_AGENT: 'False'
      })
      const client = await signedIn(discreet, person, { headers: { 'user-agent': 'Firefox' } })
      const [row] = await service.query('SELECT "ip", "userAgent" FROM "Session" WHERE "id" = $1', [
        client.sessionId
      ])
      assert.deepEqual(row, { ip: null, userAgent: null })
    }
  )

  await t.test(
    'JWT_ALLAUTH_USER_ATTRIBUTES adds claims; one without a value is left out',
    async t => {
      const extended = await startAppOn(t, service.databaseUrl, {
        JWT_ALLAUTH_USER_ATTRIBUTES:
          'email=email,given_name=first_name,locale=locale,since=created_at',
        JWT_AUDIENCE: 'https://api.example',
        JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME: '5m'
      })
      await service.query(
        `UPDATE "User" SET "firstName" = 'Ada', "locale" = NULL WHERE "email" = $1`,
        [email]
      )
      const client = await signedIn(extended, person)
      const claims = claimsOf(client.access ?? '')
      assert.equal(claims.email, email)
      assert.equal(claims.given_name, 'Ada')
      assert.equal('locale' in claims, false)
      assert.equal(typeof claims.since, 'number')
      assert.equal(claims.aud, 'https://api.example')
      assertAbout(Number(claims.exp) - Number(claims.iat), 300)
      assert.equal((await presentAccess(extended, client.access ?? '')).statusCode, 200)
      // JWT-07: a token for another audience is none for this service.
      assertProblem(await presentAccess(service, client.access ?? ''), 401, 'token_not_valid')
    }
  )

  await t.test('JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE=false turns the default round', async t => {
    const inBody = await startAppOn(t, service.databaseUrl, {
      JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE: 'false'
    })
    const byDefault = await inBody.inject(post({ email, password }))
    assert.deepEqual(Object.keys(byDefault.json()), ['access', 'expires_in', 'refresh'])
    assert.equal(cookieOf(byDefault, 'refresh_token'), null)
    const asked = await inBody.inject(
      post({ email, password }, { 'x-refresh-transport': 'cookie' })
    )
    assert.deepEqual(Object.keys(asked.json()), ['access', 'expires_in'])
    assert.notEqual(cookieOf(asked, 'refresh_token'), null)
  })

  await t.test(
    'CAP-01 behind https the cookies are secure; their attributes follow the settings',
    async t => {
      const https = await startAppOn(t, service.databaseUrl, {
        PUBLIC_URL: 'https://id.example',
        JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_SAME_SITE: 'strict',
        JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_PATH: '/auth',
        JWT_ALLAUTH_REFRESH_TOKEN_COOKIE_MAX_AGE: '3600'
      })
      const answer = await https.inject(post({ email, password }))
      assertCookie(answer, 'refresh_token', {
        'Max-Age': '3600',
        Path: '/auth',
        HttpOnly: '',
        Secure: '',
        SameSite: 'Strict'
      })
      assertCookie(answer, 'known_device', {
        'Max-Age': String(365 * 86_400),
        Path: '/',
        HttpOnly: '',
        Secure: '',
        SameSite: 'Lax'
      })
    }
  )

  await t.test(
    'CAP-01 with COOKIE_HOST_PREFIX the cookies have the prefix and the plain names count for nothing',
    async t => {
      const prefixed = await startAppOn(t, service.databaseUrl, {
        PUBLIC_URL: 'https://id.example',
        COOKIE_HOST_PREFIX: 'true'
      })
      const answer = await prefixed.inject(post({ email, password }))
      assert.equal(cookieOf(answer, 'refresh_token'), null)
      const token = assertCookie(answer, '__Host-refresh_token', {
        'Max-Age': String(14 * 86_400),
        Path: '/',
        HttpOnly: '',
        Secure: '',
        SameSite: 'Lax'
      })
      const refresh = (name: string) =>
        prefixed.inject({
          method: 'POST',
          url: '/refresh/',
          payload: {},
          cookies: { [name]: token }
        })
      assertProblem(await refresh('refresh_token'), 400, 'refresh_missing')
      assert.equal((await refresh('__Host-refresh_token')).statusCode, 200)
    }
  )

  await t.test('BASE_PATH moves the API and leaves health, keys and documentation', async t => {
    const moved = await startAppOn(t, service.databaseUrl, { BASE_PATH: '/jwt-allauth/' })
    assert.equal(
      (await moved.inject({ ...post({ email, password }), url: '/jwt-allauth/login/' })).statusCode,
      200
    )
    assertProblem(await moved.inject(post({ email, password })), 404, 'not_found')
    for (const url of [
      '/health/live',
      '/health/ready',
      '/.well-known/jwks.json',
      '/docs/',
      '/docs/json'
    ]) {
      assert.equal((await moved.inject({ method: 'GET', url })).statusCode, 200, url)
    }
    const { servers, paths } = (await moved.inject({ method: 'GET', url: '/docs/json' })).json()
    assert.match(servers[0].url, /\/jwt-allauth$/)
    assert.ok('/login/' in paths)
  })

  await t.test('SES-10 JWT_ALLAUTH_SESSION_LIFETIME caps both tokens and the cookie', async t => {
    const capped = await startAppOn(t, service.databaseUrl, { JWT_ALLAUTH_SESSION_LIFETIME: '20m' })
    const answer = await capped.inject(post({ email, password }))
    const access = claimsOf(answer.json().access)
    const refresh = claimsOf(refreshTokenOf(answer))
    const deadline = Number(access.session_iat) + 1200
    assert.ok(Number(access.exp) <= deadline && Number(refresh.exp) <= deadline)
    assert.ok(Number(cookieOf(answer, 'refresh_token')?.attributes['Max-Age']) <= 1200)
  })

  await t.test('SES-23 MAX_SESSIONS_PER_USER ends the oldest', async t => {
    const few = await startAppOn(t, service.databaseUrl, { MAX_SESSIONS_PER_USER: '3' })
    const { person: ada } = await newMember(service)
    const clients = []
    for (let n = 0; n < 5; n++) clients.push(await signedIn(few, ada))
    const alive = []
    for (const client of clients)
      alive.push((await presentAccess(few, client.access ?? '')).statusCode)
    assert.deepEqual(alive, [401, 401, 200, 200, 200])
  })
})
