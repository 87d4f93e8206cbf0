import assert from 'node:assert/strict'
import test from 'node:test'
import { startApp, startAppOn } from '../support/app.js'
import { assertCookie, assertProblem, cookieOf, patient, withoutTraces } from '../support/expect.js'
import { claimsOf, newClient, newMember, newPerson, signIn, signUp } from '../support/people.js'

const url = '/registration/'

test('registration without verification', async t => {
  const service = await startApp(t, patient)
  const register = (payload: object, headers = {}) =>
    service.inject({ method: 'POST', url, payload, headers })
  const form = (email = newPerson().email, password = 'gigantic purple hat') => ({
    email,
    password1: password,
    password2: password
  })
  const stored = async (email: string) =>
    (await service.query('SELECT * FROM "User" WHERE "email" = $1', [email]))[0]

  await t.test(
    '201 with the canonical address, the access token twice and the refresh cookie',
    async () => {
      const { email } = newPerson()
      const answer = await register(form(` ${email.toUpperCase()} `))
      assert.equal(answer.statusCode, 201)
      const { access, key, ...rest } = answer.json()
      assert.deepEqual(rest, { email, expires_in: 1800 })
      assert.equal(key, access)
      assert.equal(claimsOf(access).email_verified, true)
      assertCookie(answer, 'refresh_token', {
        'Max-Age': String(14 * 86_400),
        Path: '/',
        HttpOnly: '',
        SameSite: 'Lax'
      })
    }
  )

  await t.test('SES-18 with X-Refresh-Transport: body both tokens are in the body', async () => {
    const answer = await register(form(), { 'x-refresh-transport': 'body' })
    assert.deepEqual(Object.keys(answer.json()).sort(), [
      'access',
      'email',
      'expires_in',
      'key',
      'refresh'
    ])
    assert.equal(cookieOf(answer, 'refresh_token'), null)
  })

  await t.test('names are optional, kept as they are, composed', async () => {
    const { email } = newPerson()
    await register({ ...form(email), first_name: 'élodie'.normalize('NFD'), last_name: "d'Arc" })
    const { firstName, lastName } = (await stored(email)) ?? {}
    assert.deepEqual({ firstName, lastName }, { firstName: 'élodie', lastName: "d'Arc" })
    const { email: nameless } = newPerson()
    await register(form(nameless))
    const row = (await stored(nameless)) ?? {}
    assert.deepEqual([row.firstName, row.lastName], ['', ''])
  })

  await t.test('HSH-01 the password is stored as argon2id at the configured cost', async () => {
    const { email } = newPerson()
    await register(form(email))
    assert.match(String((await stored(email))?.passwordHash), /^\$argon2id\$v=19\$m=7168,t=5,p=1\$/)
  })

  await t.test('a taken address is 400 email_taken, in any spelling', async () => {
    const { person } = await newMember(service)
    for (const email of [person.email, person.email.toUpperCase(), ` ${person.email}`]) {
      const answer = await register(form(email))
      assertProblem(answer, 400, 'email_taken', {
        email: ['A user is already registered with this email address.']
      })
      assert.equal(answer.headers['set-cookie'], undefined)
    }
    assert.equal((await signIn(newClient(service), person)).statusCode, 200)
  })

  await t.test('ENU-06 a weak password says nothing of the address', async () => {
    const { person } = await newMember(service)
    const [taken, free] = [
      withoutTraces(await register(form(person.email, 'qwertyui'))),
      withoutTraces(await register(form(newPerson().email, 'qwertyui')))
    ]
    assert.equal(taken.statusCode, 400)
    assert.deepEqual(taken, free)
  })

  await t.test(
    'EML-05 of twenty sign-ups with one address at once there is one account, and no 500',
    async () => {
      const { email } = newPerson()
      const answers = await Promise.all(Array.from({ length: 20 }, () => register(form(email))))
      const statuses = answers.map(({ statusCode }) => statusCode).sort()
      assert.deepEqual(statuses, [201, ...Array(19).fill(400)])
      assert.equal(
        (await service.query('SELECT 1 FROM "User" WHERE "email" = $1', [email])).length,
        1
      )
      assert.equal(
        (
          await service.query(
            'SELECT 1 FROM "Session" s JOIN "User" u ON u."id" = s."userId" WHERE "email" = $1',
            [email]
          )
        ).length,
        1
      )
    }
  )

  await t.test(
    'PWD-06 PWD-07 PWD-09 policy under password1, a mismatch under password2',
    async () => {
      const short = 'This password is too short; use at least 8 characters.'
      const common = 'This password is one of the most common ones.'
      const similar =
        'This password is too close to your name, your address or the name of this service.'
      const mismatch = 'The two passwords do not match.'
      const person = {
        email: 'ada.lovelace@engine.example',
        first_name: 'Augusta',
        last_name: 'Byron'
      }
      const cases: [string, string, Record<string, string[]>][] = [
        ['🦊🦊🦊🦊🦊🦊🦊', '🦊🦊🦊🦊🦊🦊🦊', { password1: [short] }],
        ['short', 'other', { password1: [short], password2: [mismatch] }],
        ['gigantic purple hat', 'gigantic purple hats', { password2: [mismatch] }],
        ['password123', 'password123', { password1: [common] }],
        ['lovelace1815', 'lovelace1815', { password1: [similar] }],
        ['4d4.L0v3l4c3!', '4d4.L0v3l4c3!', { password1: [similar] }],
        ['augusta-99', 'augusta-99', { password1: [similar] }],
        ['postern2026', 'postern2026', { password1: [similar] }],
        ['localhost!!', 'localhost!!', { password1: [similar] }]
      ]
      for (const [password1, password2, errors] of cases) {
        const answer = await register({ ...person, password1, password2 })
        assertProblem(answer, 400, 'validation_error', errors)
        assert.equal(answer.headers['set-cookie'], undefined)
      }
      assert.equal(await stored(person.email), undefined)
    }
  )

  await t.test(
    'PASSWORD_MIN_LENGTH and PASSWORD_MIN_SCORE are heeded, and a hint says how to do better',
    async t => {
      const strict = await startAppOn(t, service.databaseUrl, {
        PASSWORD_MIN_LENGTH: '15',
        PASSWORD_MIN_SCORE: '4'
      })
      const send = (password: string) =>
        strict.inject({ method: 'POST', url, payload: form(newPerson().email, password) })
      assertProblem(await send('fourteen chars'), 400, 'validation_error', {
        password1: ['This password is too short; use at least 15 characters.']
      })
      assertProblem(await send('aaaaaaaaaaaaaaaaaa'), 400, 'validation_error', {
        password1: ['This password is too easy to guess. Avoid repeated words and characters.']
      })
      assert.equal((await send('fourteen purple hats for everybody')).statusCode, 201)
    }
  )

  await t.test(
    'PWD-05 no rules of composition: fifteen lower-case letters are enough, spaces stay',
    async () => {
      const person = { ...newPerson(), password: ' brown ox jumps ' }
      assert.equal((await signUp(newClient(service), person)).statusCode, 201)
      assert.equal((await signIn(newClient(service), person)).statusCode, 200)
      const trimmed = { ...person, password: person.password.trim() }
      assertProblem(await signIn(newClient(service), trimmed), 401, 'incorrect_credentials')
    }
  )

  await t.test('PWD-03 nothing is cut at 72 bytes, and a NUL is refused', async () => {
    const person = {
      ...newPerson(),
      password: 'purple hats for all of the people in the house and in the garden too!'.padEnd(
        80,
        'x'
      )
    }
    assert.equal((await signUp(newClient(service), person)).statusCode, 201)
    const cut = { ...person, password: person.password.slice(0, 72) }
    assertProblem(await signIn(newClient(service), cut), 401, 'incorrect_credentials')
    const nul = 'gigantic\u0000purple'
    const wrong = ['This field contains characters that are not allowed.']
    assertProblem(await register(form(newPerson().email, nul)), 400, 'validation_error', {
      password1: wrong,
      password2: wrong
    })
  })

  await t.test('BRF-10 a sign-up makes the device known', async () => {
    const answer = await register(form())
    assertCookie(answer, 'known_device', {
      'Max-Age': String(365 * 86_400),
      Path: '/',
      HttpOnly: '',
      SameSite: 'Lax'
    })
  })

  await t.test('the slash at the end may be missing; other methods are told', async () => {
    const answer = await service.inject({ method: 'POST', url: '/registration', payload: form() })
    assert.equal(answer.statusCode, 201)
    const other = await service.inject({ method: 'PUT', url })
    assertProblem(other, 405, 'method_not_allowed')
    assert.equal(other.headers.allow, 'GET, HEAD, POST')
  })

  await t.test('HTP-04 what is missing, unknown or of another type is told by field', async () => {
    assertProblem(await register({ username: 'ada' }), 400, 'validation_error', {
      email: ['This field is required.'],
      password1: ['This field is required.'],
      password2: ['This field is required.'],
      username: ['This field is not known here.']
    })
    assertProblem(
      await register({ ...form(), first_name: null, last_name: ['x'] }),
      400,
      'validation_error',
      {
        first_name: ['This field must be a text.'],
        last_name: ['This field must be a text.']
      }
    )
  })
})
