import assert from 'node:assert/strict'
import test from 'node:test'
import { startApp, startAppOn } from '../support/app.js'
import { assertProblem, patient } from '../support/expect.js'
import {
  claimsOf,
  logout,
  newMember,
  newPerson,
  presentAccess,
  profileIn,
  readUser,
  refresh,
  signedIn
} from '../support/people.js'

const url = '/user/'

test('user', async t => {
  const service = await startApp(t, patient)

  await t.test('GET shows address and names, and nothing else', async () => {
    const { person, client } = await newMember(service)
    const answer = await readUser(client)
    assert.equal(answer.statusCode, 200)
    assert.deepEqual(profileIn(answer), { email: person.email, first_name: '', last_name: '' })
  })

  await t.test(
    'without a bearer, with half a one, with a broken one: 401 and its code',
    async () => {
      const get = (headers: Record<string, string>) =>
        service.inject({ method: 'GET', url, headers })
      assertProblem(await get({}), 401, 'not_authenticated')
      assertProblem(await get({ authorization: 'bearer x' }), 401, 'not_authenticated')
      assertProblem(await get({ authorization: 'Basic YTpi' }), 401, 'not_authenticated')
      assertProblem(await get({ authorization: 'Bearer' }), 401, 'bad_authorization_header')
      assertProblem(await get({ authorization: 'Bearer  x' }), 401, 'bad_authorization_header')
      assertProblem(await get({ authorization: 'Bearer a b' }), 401, 'bad_authorization_header')
      assertProblem(await get({ authorization: 'Bearer x' }), 401, 'token_not_valid')
    }
  )

  await t.test('PATCH changes what is sent and nothing else', async () => {
    const { person, client } = await newMember(service)
    const first = await client.send('PATCH', url, { first_name: 'Ada', last_name: 'Lovelace' })
    assert.deepEqual(profileIn(first), {
      email: person.email,
      first_name: 'Ada',
      last_name: 'Lovelace'
    })
    const second = await client.send('PATCH', url, { first_name: 'Augusta' })
    assert.deepEqual(profileIn(second), {
      email: person.email,
      first_name: 'Augusta',
      last_name: 'Lovelace'
    })
    assert.deepEqual((await client.send('PATCH', url, {})).json(), second.json())
    assert.deepEqual((await readUser(client)).json(), second.json())
  })

  await t.test('of two changes at once neither undoes the other', async () => {
    const { client } = await newMember(service)
    await Promise.all([
      client.send('PATCH', url, { first_name: 'Ada' }),
      client.send('PATCH', url, { last_name: 'Lovelace' })
    ])
    const { first_name, last_name } = (await readUser(client)).json()
    assert.deepEqual({ first_name, last_name }, { first_name: 'Ada', last_name: 'Lovelace' })
  })

  await t.test('PUT needs the address and empties names that are missing', async () => {
    const { person, client } = await newMember(service)
    await client.send('PATCH', url, { first_name: 'Ada', last_name: 'Lovelace' })
    assertProblem(await client.send('PUT', url, { first_name: 'Ada' }), 400, 'validation_error', {
      email: ['This field is required.']
    })
    const answer = await client.send('PUT', url, {
      email: person.email.toUpperCase(),
      last_name: 'King'
    })
    assert.deepEqual(profileIn(answer), { email: person.email, first_name: '', last_name: 'King' })
  })

  await t.test(
    'HTP-08 names: any script, composed, never re-capitalised, no control characters',
    async () => {
      const { client } = await newMember(service)
      for (const name of ['de la Cruz', 'éé', '明', 'محمد', 'О’Нил', "d'Arc-Müller", '🦊']) {
        const answer = await client.send('PATCH', url, { first_name: name.normalize('NFD') })
        assert.equal(answer.json().first_name, name.normalize('NFC'))
      }
      const wrong = { first_name: ['This field contains characters that are not allowed.'] }
      for (const name of ['a\u0000b', 'a\nb', 'a\u202eb', 'a\u2028b', '\ud800']) {
        assertProblem(
          await client.send('PATCH', url, { first_name: name }),
          400,
          'validation_error',
          wrong
        )
      }
      assertProblem(
        await client.send('PATCH', url, { first_name: 'x'.repeat(151) }),
        400,
        'validation_error',
        {
          first_name: ['This field may have at most 150 characters.']
        }
      )
      assert.equal(
        (await client.send('PATCH', url, { first_name: '🦊'.repeat(150) })).statusCode,
        200
      )
      // What is kept is what is counted: NFC makes one letter of two, and of one two or three.
      assert.equal(
        (await client.send('PATCH', url, { first_name: 'e\u0301'.repeat(150) })).json().first_name,
        'é'.repeat(150)
      )
      for (const last_name of ['\u0958'.repeat(76), '\ufb2c'.repeat(51)]) {
        assertProblem(await client.send('PATCH', url, { last_name }), 400, 'validation_error', {
          last_name: ['This field may have at most 150 characters.']
        })
      }
    }
  )

  await t.test('EML-06 right after the sign-in another address needs no password', async () => {
    const { person, client } = await newMember(service)
    const next = newPerson('augusta').email
    const answer = await client.send('PATCH', url, { email: next.toUpperCase() })
    assert.equal(answer.statusCode, 200)
    assert.equal(answer.json().email, next)
    await signedIn(service, { ...person, email: next })
    assertProblem(
      await service.inject({ method: 'POST', url: '/login/', payload: person }),
      401,
      'incorrect_credentials'
    )
  })

  await t.test(
    'EML-06 later it needs the password, and refreshing makes no sign-in younger',
    async () => {
      const { person, client } = await newMember(service)
      await service.advance(601)
      await refresh(client)
      const next = newPerson('augusta').email
      assertProblem(
        await client.send('PATCH', url, { email: next }),
        403,
        'reauthentication_required'
      )
      assertProblem(
        await client.send('PUT', url, { email: next }),
        403,
        'reauthentication_required'
      )
      assertProblem(
        await client.send('PATCH', url, {
          email: next,
          password: 'another purple hat',
          first_name: 'X'
        }),
        400,
        'incorrect_password',
        { password: ['The password is not right.'] }
      )
      assert.deepEqual(profileIn(await readUser(client)), {
        email: person.email,
        first_name: '',
        last_name: ''
      })
      const names = await client.send('PATCH', url, { first_name: 'Ada' })
      assert.equal(names.statusCode, 200)
      const answer = await client.send('PATCH', url, { email: next, password: person.password })
      assert.equal(answer.statusCode, 200)
      assert.equal(answer.json().email, next)
      assert.equal((await refresh(client)).statusCode, 200)
    }
  )

  await t.test('a password that was not needed is checked all the same', async () => {
    const { client } = await newMember(service)
    const answer = await client.send('PATCH', url, { first_name: 'Ada', password: 'wrong' })
    assertProblem(answer, 400, 'incorrect_password', { password: ['The password is not right.'] })
  })

  await t.test('EML-02 EML-04 what is no address is refused, quickly', async () => {
    const { client } = await newMember(service)
    const wrong = [
      'plain',
      '@example.com',
      'a@',
      'a@b',
      'a b@example.com',
      'a@exa mple.com',
      '"a b"@example.com',
      '"a@evil.com"@example.com',
      'a@[127.0.0.1]',
      'a@127.0.0.1',
      'a@0x7f000021',
      'a@0xa.0x0b',
      'a@example.--',
      'a@example.-com',
      'a,b@example.com',
      'a;b@example.com',
      'a@example.com,b@example.com',
      '<a@example.com>',
      'Ada <a@example.com>',
      'a(comment)@example.com',
      'group:a@example.com;',
      'a\r\nBcc: b@example.com',
      'a@example.com\n.evil.com',
      'ａ@example.com',
      'a＠example.com',
      'mıke@example.com',
      'a@exam﹒ple.com',
      '.a@example.com',
      'a.@example.com',
      'a..b@example.com',
      'a@-example.com',
      'a@example..com',
      `${'a'.repeat(65)}@example.com`,
      'a\u200b@example.com',
      'a\u00a0@example.com',
      'a@exam\u00adple.com',
      'a@exam\u2060ple.com',
      'a@exam\tple.com'
    ]
    for (const email of wrong) {
      const answer = await client.send('PATCH', url, { email })
      assertProblem(answer, 400, 'validation_error', { email: ['Enter a valid email address.'] })
    }
    assertProblem(
      await client.send('PATCH', url, { email: `a@${'b'.repeat(250)}.com` }),
      400,
      'validation_error',
      {
        email: ['This field may have at most 254 characters.']
      }
    )
  })

  await t.test('EML-01 an internationalised domain is stored in its ASCII form', async () => {
    const { client, person } = await newMember(service)
    const local = person.email.split('@')[0]
    const answer = await client.send('PATCH', url, { email: `${local}@Bücher.example` })
    assert.equal(answer.json().email, `${local}@xn--bcher-kva.example`)
  })

  await t.test('without verification a taken address is told', async () => {
    const { person: other } = await newMember(service)
    const { person, client } = await newMember(service)
    const answer = await client.send('PATCH', url, { email: other.email, first_name: 'Ada' })
    assertProblem(answer, 400, 'email_taken', {
      email: ['A user is already registered with this email address.']
    })
    assert.deepEqual(profileIn(await readUser(client)), {
      email: person.email,
      first_name: '',
      last_name: ''
    })
  })

  await t.test('a disabled account gets no_active_account on every route at once', async () => {
    const { person, client } = await newMember(service)
    await service.query('UPDATE "User" SET "isActive" = false WHERE "email" = $1', [person.email])
    const calls = [
      client.send('GET', url),
      client.send('PATCH', url, { first_name: 'X' }),
      client.send('PUT', url, { email: person.email }),
      client.send('GET', '/sessions/'),
      client.send('POST', '/sessions/revoke-others/', {}),
      client.send('POST', '/logout-all/', {}),
      client.send('POST', '/password/change/', {
        old_password: person.password,
        new_password1: 'another purple hat',
        new_password2: 'another purple hat'
      })
    ]
    for (const answer of await Promise.all(calls)) assertProblem(answer, 401, 'no_active_account')
  })

  await t.test('an access token ends when it says so, to the second', async t => {
    const { person } = await newMember(service)
    const short = await startAppOn(t, service.databaseUrl, {
      JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME: '60'
    })
    const client = await signedIn(short, person)
    const { exp, iat } = claimsOf(client.access ?? '')
    assert.equal(Number(exp) - Number(iat), 60)
    assert.equal((await presentAccess(short, client.access ?? '')).statusCode, 200)
    await short.advance(60)
    assertProblem(await presentAccess(short, client.access ?? ''), 401, 'token_not_valid')
  })

  await t.test(
    'with the session check off a session that has ended may read and change nothing',
    async t => {
      const lax = await startAppOn(t, service.databaseUrl, {
        ...patient,
        JWT_ALLAUTH_ACCESS_TOKEN_SESSION_CHECK: 'false'
      })
      const { person, client } = await newMember(lax)
      const other = await signedIn(lax, person)
      await logout(client)
      const { password } = person
      const next = 'another purple hat'
      const calls = [
        client.send('PATCH', url, { first_name: 'Eve' }),
        client.send('PUT', url, { email: person.email, first_name: 'Eve' }),
        client.send('PATCH', url, { email: newPerson().email, password }),
        client.send('POST', '/password/change/', {
          old_password: password,
          new_password1: next,
          new_password2: next
        }),
        client.send('POST', '/reauthenticate/', { password }),
        client.send('POST', '/sessions/revoke-others/', {}),
        client.send('DELETE', `/sessions/${other.sessionId}/`),
        client.send('POST', '/logout-all/', {})
      ]
      for (const answer of await Promise.all(calls)) assertProblem(answer, 401, 'token_not_valid')
      const unchanged = { email: person.email, first_name: '', last_name: '' }
      assert.deepEqual(profileIn(await readUser(client)), unchanged)
      assert.equal((await refresh(other)).statusCode, 200)
      assert.equal((await signedIn(lax, person)).refreshToken !== null, true)
    }
  )

  await t.test('other methods: 405 with what is allowed', async () => {
    const answer = await service.inject({ method: 'POST', url })
    assertProblem(answer, 405, 'method_not_allowed')
    assert.deepEqual(String(answer.headers.allow).split(', ').sort(), [
      'DELETE',
      'GET',
      'HEAD',
      'PATCH',
      'PUT'
    ])
  })
})
