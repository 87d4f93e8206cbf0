import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askReset, open, opened, pathOf, setNew, startMailing } from '../support/links.js'
import { newClient, newMember, newPerson, signIn, signUp } from '../support/people.js'

const many = (count: number) => Array.from({ length: count }, (_, n) => n)

test('LNK-02 of fifty new passwords against one capability one is set', async t => {
  const { service, mailbox } = await startMailing(t)
  const { person } = await newMember(service)
  await askReset(newClient(service), person.email)
  const { cookies } = await opened(service, await mailbox.linkFor(person.email))
  const capability = cookies.get('password_reset_access_token') as string
  const passwords = many(50).map(n => `gigantic hat number ${n}`)

  const answers = await Promise.all(
    passwords.map(password => {
      const client = newClient(service)
      client.cookies.set('password_reset_access_token', capability)
      return setNew(client, password)
    })
  )

  const won = answers.flatMap(({ statusCode }, n) => (statusCode === 200 ? [n] : []))
  assert.equal(won.length, 1)
  for (const { statusCode } of answers) assert.ok(statusCode === 200 || statusCode === 401)
  const [winner = 0] = won
  assert.equal(
    (await signIn(newClient(service), { ...person, password: passwords[winner] as string }))
      .statusCode,
    200
  )
  const [{ count } = { count: 0 }] = await service.query<{ count: number }>(
    `SELECT count(*)::int4 AS count FROM "Session"`
  )
  assert.equal(count, 2)
})

test('LNK-05 parallel requests leave one live link', async t => {
  const { service } = await startMailing(t)
  const { person } = await newMember(service)

  const answers = await Promise.all(many(30).map(() => askReset(newClient(service), person.email)))

  for (const { statusCode } of answers) assert.equal(statusCode, 200)
  const live = await service.query(`SELECT 1 FROM "Link" WHERE "supersededAt" IS NULL`)
  assert.equal(live.length, 1)
})

test('EML-05 twenty sign-ups with one address make one account, and all look like winners', async t => {
  const { service, mailbox } = await startMailing(t, { EMAIL_VERIFICATION: 'mandatory' })
  const person = newPerson()

  const answers = await Promise.all(
    many(20).map(n =>
      signUp(newClient(service), { ...person, password: `gigantic hat number ${n}` })
    )
  )

  const [first] = answers
  for (const answer of answers) {
    assert.equal(answer.statusCode, 201)
    assert.equal(answer.body, first?.body)
  }
  assert.equal((await service.query(`SELECT 1 FROM "User"`)).length, 1)
  const [live] = await service.query(`SELECT "id" FROM "Link" WHERE "supersededAt" IS NULL`)
  assert.ok(live)
  await mailbox.next(person.email)
})

test('a confirmation followed fifty times at once confirms once and fails nobody', async t => {
  const { service, mailbox } = await startMailing(t, {
    EMAIL_VERIFICATION: 'mandatory',
    JWT_ALLAUTH_SESSION_ON_EMAIL_VERIFICATION: 'true'
  })
  const person = newPerson()
  await signUp(newClient(service), person)
  const link = await mailbox.linkFor(person.email)

  const answers = await Promise.all(many(50).map(() => open(newClient(service), link)))

  for (const { statusCode } of answers) assert.equal(statusCode, 302)
  const signedIn = answers.filter(({ headers }) =>
    String(headers['set-cookie'] ?? '').includes('refresh_token=')
  )
  assert.equal(signedIn.length, 1)
})

test('LNK-07 a reset racing a password change leaves one password and no session of the other', async t => {
  const { service, mailbox } = await startMailing(t)
  for (const n of many(10)) {
    const { person, client } = await newMember(service)
    await askReset(newClient(service), person.email)
    const browser = await opened(service, await mailbox.linkFor(person.email))
    const change = {
      old_password: person.password,
      new_password1: `changed hat ${n}`,
      new_password2: `changed hat ${n}`
    }

    const [reset, changed] = await Promise.all([
      setNew(browser, `reset hat ${n}`),
      client.send('POST', '/password/change/', change)
    ])

    const outcomes = [reset.statusCode, changed.statusCode]
    assert.ok(outcomes.includes(200), String(outcomes))
    const works = async (password: string) =>
      (await signIn(newClient(service), { ...person, password })).statusCode === 200
    assert.notEqual(await works(`reset hat ${n}`), await works(`changed hat ${n}`))
  }
})

test('an address change confirmed while its account signs out everywhere is whole or void', async t => {
  const { service, mailbox } = await startMailing(t, { EMAIL_VERIFICATION: 'optional' })
  for (const _ of many(10)) {
    const { person, client } = await newMember(service)
    await mailbox.next(person.email)
    const moved = newPerson('moved')
    await client.send('PATCH', '/user/', { email: moved.email })
    const path = pathOf(await mailbox.linkFor(moved.email))

    const [confirmed] = await Promise.all([
      newClient(service).send('POST', path),
      client.send('POST', '/logout-all/', {})
    ])

    const address = confirmed.statusCode === 200 ? moved.email : person.email
    assert.equal((await signIn(newClient(service), { ...person, email: address })).statusCode, 200)
  }
})
