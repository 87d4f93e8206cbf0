import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { startApp, startAppOn } from '../support/app.js'
import { assertProblem } from '../support/expect.js'
import { type Answer, newClient, newMember, newPerson, signIn, signUp } from '../support/people.js'
import { atOnce } from '../support/until.js'

const within = (answers: readonly Answer[], status: number) =>
  answers.filter(({ statusCode }) => statusCode === status)

function assertThrottled(answer: Answer) {
  assertProblem(answer, 429, 'throttled')
  assert.ok(Number(answer.headers['retry-after']) >= 1)
}

for (const [title, settings, addressOf] of [
  ['from one network', { LOGIN_FAILURES_PER_PAIR: '5/5m' }, () => '192.0.2.1'],
  [
    'from a hundred networks',
    { LOGIN_FAILURES_PER_ACCOUNT: '5/15m' },
    (index: number) => `192.0.2.${index}`
  ]
] as const) {
  test(`BRF-03 BRF-13 FLT-10 of a hundred guesses at once ${title} on two instances five are looked at`, async t => {
    const a = await startApp(t, settings)
    const b = await startAppOn(t, a.databaseUrl, settings)
    const { person } = await newMember(a)
    const guess = (index: number, password: string) =>
      signIn(newClient(index % 2 === 0 ? a : b, { address: addressOf(index) }), {
        ...person,
        password
      })

    const right = randomInt(100)
    const lucky = await atOnce(100, index =>
      guess(index, index === right ? person.password : `guess number ${index}`)
    )
    assert.ok(within(lucky, 200).length <= 1)
    assert.ok(within(lucky, 401).length <= 5)
    assert.equal(
      within(lucky, 429).length,
      100 - within(lucky, 200).length - within(lucky, 401).length
    )
    for (const answer of within(lucky, 429)) assertThrottled(answer)

    const { person: other } = await newMember(a)
    const wrong = await atOnce(100, index =>
      signIn(newClient(index % 2 === 0 ? a : b, { address: addressOf(index) }), {
        ...other,
        password: `guess number ${index}`
      })
    )
    assert.equal(within(wrong, 401).length, 5)
    assert.equal(within(wrong, 429).length, 95)
  })
}

test('FLT-10 BRF-08 failures count over instances, and over a restart', async t => {
  const settings = { LOGIN_FAILURES_PER_PAIR: '5/5m' }
  const a = await startApp(t, settings)
  const b = await startAppOn(t, a.databaseUrl, settings)
  const { person } = await newMember(a)
  const wrong = { ...person, password: 'not this one' }
  for (const service of [a, b, a, b, a]) {
    assertProblem(await signIn(newClient(service), wrong), 401, 'incorrect_credentials')
  }
  for (const service of [b, a]) assertThrottled(await signIn(newClient(service), person))
  await a.app.close()
  const again = await startAppOn(t, a.databaseUrl, settings)
  for (const service of [again, b]) assertThrottled(await signIn(newClient(service), person))

  await again.advance(3600)
  assert.equal((await signIn(newClient(again), person)).statusCode, 200)
})

const countOf = 'SELECT count(*)::int4 AS n FROM "User" WHERE "email" = $1'

test('EML-05 twenty sign-ups at once with one address make one account, the winner’s', async t => {
  const a = await startApp(t)
  const b = await startAppOn(t, a.databaseUrl)
  for (let round = 0; round < 3; round++) {
    const { email } = newPerson()
    const passwordOf = (index: number) => `gigantic purple hat ${index}`
    const answers = await atOnce(20, index =>
      signUp(newClient(index % 2 === 0 ? a : b), { email, password: passwordOf(index) })
    )
    assert.equal(within(answers, 201).length, 1)
    for (const answer of answers.filter(({ statusCode }) => statusCode !== 201)) {
      assertProblem(answer, 400, answer.json().code, answer.json().errors)
      assert.ok(answer.json().errors.email)
    }
    assert.deepEqual(await a.query(countOf, [email]), [{ n: 1 }])
    const winner = answers.findIndex(({ statusCode }) => statusCode === 201)
    const client = newClient(b)
    assert.equal((await signIn(client, { email, password: passwordOf(winner) })).statusCode, 200)
  }
})

test('EML-05 where sign-up hides who is there, the losers look like the winner', async t => {
  const settings = { EMAIL_VERIFICATION: 'mandatory' }
  const a = await startApp(t, settings)
  const b = await startAppOn(t, a.databaseUrl, settings)
  const { email } = newPerson()
  const answers = await atOnce(20, index =>
    signUp(newClient(index % 2 === 0 ? a : b), { email, password: `gigantic purple hat ${index}` })
  )
  for (const { statusCode, body } of answers) assert.equal(statusCode, 201, body)
  assert.equal(new Set(answers.map(({ body }) => body)).size, 1)
  assert.deepEqual(await a.query(countOf, [email]), [{ n: 1 }])
})
