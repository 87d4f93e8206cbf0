import assert from 'node:assert/strict'
import test from 'node:test'
import { startApp, startAppOn } from '../support/app.js'
import { assertProblem, bearer, cookieOf, patient } from '../support/expect.js'
import {
  changePassword,
  claimsOf,
  newClient,
  newMember,
  newPerson,
  presentAccess,
  refresh,
  signedIn,
  signIn,
  signUp
} from '../support/people.js'

const url = '/password/change/'
const next = 'another purple hat'
const change = (old_password: string, new_password1 = next, new_password2 = new_password1) => ({
  old_password,
  new_password1,
  new_password2
})

test('password change', async t => {
  const service = await startApp(t, patient)

  await t.test(
    'SES-08 ends every session and answers with a new one, by its transport',
    async () => {
      const { person, client } = await newMember(service)
      const other = await signedIn(service, person)
      const { access: before, sessionId } = client
      const old = { ...person }
      const answer = await changePassword(client, person, next)
      assert.equal(answer.statusCode, 200)
      assert.deepEqual(Object.keys(answer.json()).sort(), ['access', 'detail', 'expires_in'])
      assert.equal(answer.json().detail, 'New password has been saved.')
      assert.notEqual(cookieOf(answer, 'refresh_token')?.value, '')
      assert.notEqual(client.sessionId, sessionId)
      assertProblem(await presentAccess(service, before ?? ''), 401, 'token_not_valid')
      assertProblem(await refresh(other), 401, 'token_not_valid')
      assert.equal((await refresh(client)).statusCode, 200)
      assertProblem(await signIn(newClient(service), old), 401, 'incorrect_credentials')
      assert.equal((await signIn(newClient(service), person)).statusCode, 200)
    }
  )

  await t.test(
    'SES-18 with X-Refresh-Transport: body the new refresh token is in the body',
    async () => {
      const { person, client } = await newMember(service, { transport: 'body' })
      const answer = await changePassword(client, person, next)
      assert.deepEqual(Object.keys(answer.json()).sort(), [
        'access',
        'detail',
        'expires_in',
        'refresh'
      ])
      assert.equal(cookieOf(answer, 'refresh_token'), null)
    }
  )

  await t.test(
    'PWD-08 a wrong current password is told under old_password and changes nothing',
    async () => {
      const { person, client } = await newMember(service)
      const answer = await client.send('POST', url, change('wrong'))
      assertProblem(answer, 400, 'incorrect_password', {
        old_password: ['The password is not right.']
      })
      assert.equal((await refresh(client)).statusCode, 200)
      await signedIn(service, person)
    }
  )

  await t.test(
    'PWD-09 policy under the first field, a mismatch under the second, the value nowhere',
    async () => {
      const { person, client } = await newMember(service)
      const { password } = person
      const short = await client.send('POST', url, change(password, 'zYx!42'))
      assertProblem(short, 400, 'validation_error', {
        new_password1: ['This password is too short; use at least 8 characters.']
      })
      assert.ok(!short.body.includes('zYx!42'))
      assertProblem(
        await client.send('POST', url, change(password, next, `${next}s`)),
        400,
        'validation_error',
        {
          new_password2: ['The two passwords do not match.']
        }
      )
      const both = await client.send('POST', url, change(password, 'short', 'shorter'))
      assert.deepEqual(Object.keys(both.json().errors), ['new_password1', 'new_password2'])
      assertProblem(
        await client.send('POST', url, change(password, 'password1')),
        400,
        'validation_error',
        {
          new_password1: ['This password is one of the most common ones.']
        }
      )
      assertProblem(
        await client.send('POST', url, change(password, person.email)),
        400,
        'validation_error',
        {
          new_password1: [
            'This password is too close to your name, your address or the name of this service.'
          ]
        }
      )
      assertProblem(
        await client.send('POST', url, change(password, 'x'.repeat(300))),
        400,
        'validation_error',
        {
          new_password1: ['This password is too long; use at most 256 characters.']
        }
      )
      assertProblem(
        await client.send('POST', url, change(password, 'purple\u0000hats')),
        400,
        'validation_error',
        {
          new_password1: ['This field contains characters that are not allowed.'],
          new_password2: ['This field contains characters that are not allowed.']
        }
      )
    }
  )

  await t.test(
    'PWD-09 the new password must differ from the current one, however it is typed',
    async () => {
      const person = { ...newPerson(), password: 'élégante chaise à Orléans' }
      const client = newClient(service)
      await signUp(client, person)
      for (const same of [person.password, person.password.normalize('NFD')]) {
        assertProblem(
          await client.send('POST', url, change(person.password, same)),
          400,
          'validation_error',
          {
            new_password1: ['The new password must differ from the current one.']
          }
        )
      }
    }
  )

  await t.test('every field is required; unknown ones are refused', async () => {
    const { client } = await newMember(service)
    assertProblem(await client.send('POST', url, { role: 900 }), 400, 'validation_error', {
      old_password: ['This field is required.'],
      new_password1: ['This field is required.'],
      new_password2: ['This field is required.'],
      role: ['This field is not known here.']
    })
  })

  await t.test('a cookie is no authorisation here', async () => {
    const { person, client } = await newMember(service)
    const answer = await service.inject({
      method: 'POST',
      url,
      payload: change(person.password),
      cookies: { refresh_token: client.refreshToken ?? '' }
    })
    assertProblem(answer, 401, 'not_authenticated')
  })

  await t.test('an account without a password cannot set one here', async () => {
    const { person, client } = await newMember(service)
    await service.query('UPDATE "User" SET "passwordHash" = NULL WHERE "email" = $1', [
      person.email
    ])
    assertProblem(
      await client.send('POST', url, change(person.password)),
      400,
      'incorrect_password',
      {
        old_password: ['The password is not right.']
      }
    )
  })

  await t.test(
    'LOGOUT_ON_PASSWORD_CHANGE=false leaves the sessions and gives no tokens',
    async t => {
      const keeping = await startAppOn(t, service.databaseUrl, {
        LOGOUT_ON_PASSWORD_CHANGE: 'False'
      })
      const { person, client } = await newMember(service)
      const other = await signedIn(service, person)
      const answer = await keeping.inject({
        method: 'POST',
        url,
        payload: change(person.password),
        headers: bearer(client.access ?? '')
      })
      assert.equal(answer.statusCode, 200)
      assert.deepEqual(answer.json(), { detail: 'New password has been saved.' })
      assert.equal(cookieOf(answer, 'refresh_token'), null)
      assert.equal((await refresh(client)).statusCode, 200)
      assert.equal((await refresh(other)).statusCode, 200)
      await signedIn(service, { ...person, password: next })
    }
  )

  await t.test(
    'OLD_PASSWORD_FIELD_ENABLED=false does not ask, and checks one that is sent',
    async t => {
      const trusting = await startAppOn(t, service.databaseUrl, {
        OLD_PASSWORD_FIELD_ENABLED: 'False'
      })
      const { person, client } = await newMember(service)
      await service.advance(100)
      const send = (payload: object) =>
        trusting.inject({ method: 'POST', url, payload, headers: bearer(client.access ?? '') })
      assertProblem(await send(change('wrong')), 400, 'incorrect_password', {
        old_password: ['The password is not right.']
      })
      const signedInAt = claimsOf(client.access ?? '').auth_time
      const { old_password: _, ...without } = change(person.password)
      const answer = await send(without)
      assert.equal(answer.statusCode, 200)
      // Nobody proved anything anew, so the replacement session is not younger than its predecessor.
      assert.equal(claimsOf(answer.json().access).auth_time, signedInAt)
      await signedIn(service, { ...person, password: next })
    }
  )

  await t.test('PWD-02 128 characters are all significant afterwards', async () => {
    const { person, client } = await newMember(service)
    const long = 'purple hats and green shoes for everybody '.repeat(4).slice(0, 128)
    assert.equal((await changePassword(client, person, long)).statusCode, 200)
    const cut = { ...person, password: `${long.slice(0, 127)}#` }
    assertProblem(await signIn(newClient(service), cut), 401, 'incorrect_credentials')
  })
})

test('PWD-08 wrong current passwords spend the budget of sign-ins', async t => {
  const service = await startApp(t)
  const { person, client } = await newMember(service)
  const statuses = []
  for (let n = 0; n < 6; n++)
    statuses.push((await client.send('POST', url, change('wrong'))).statusCode)
  assert.deepEqual(statuses, [400, 400, 400, 400, 400, 429])
  const right = await client.send('POST', url, change(person.password))
  assertProblem(right, 429, 'throttled')
  await service.advance(Number(right.headers['retry-after']))
  assert.equal((await client.send('POST', url, change(person.password))).statusCode, 200)
})
