import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { startApp, startAppOn } from '../support/app.js'
import { assertProblem } from '../support/expect.js'
import { type Answer, newClient, newMember, signIn } from '../support/people.js'
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
    // A hundred wait for one row: on a slow machine some would be answered 503 before their turn.
    const unhurried = { ...settings, DATABASE_STATEMENT_TIMEOUT: '120s' }
    const a = await startApp(t, unhurried)
    const b = await startAppOn(t, a.databaseUrl, unhurried)
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

test('FLT-10 first sign-ins of new people from one network never wait for each other in a circle', async t => {
  const settings = { LOGIN_FAILURES_PER_PAIR: '20/5m' }
  const a = await startApp(t, settings)
  const b = await startAppOn(t, a.databaseUrl, settings)
  for (let round = 0; round < 8; round++) {
    const { person } = await newMember(a)
    const answers = await atOnce(10, index =>
      signIn(newClient(index % 2 === 0 ? a : b, { address: '192.0.2.1' }), person)
    )
    assert.deepEqual(
      answers.map(({ statusCode }) => statusCode),
      Array(10).fill(200)
    )
  }
})

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
