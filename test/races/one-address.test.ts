import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp, startAppOn } from '../support/app.js'
import { assertProblem } from '../support/expect.js'
import { generous } from '../support/links.js'
import { type Answer, newClient, newMember, newPerson, signIn, signUp } from '../support/people.js'
import { atOnce } from '../support/until.js'

const within = (answers: readonly Answer[], status: number) =>
  answers.filter(({ statusCode }) => statusCode === status)

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
  const settings = { ...generous, EMAIL_VERIFICATION: 'mandatory' }
  const a = await startApp(t, settings)
  const b = await startAppOn(t, a.databaseUrl, settings)
  const { email } = newPerson()
  const answers = await atOnce(20, index =>
    signUp(newClient(index % 2 === 0 ? a : b), { email, password: `gigantic purple hat ${index}` })
  )
  for (const { statusCode, body } of answers) assert.equal(statusCode, 201, body)
  assert.equal(new Set(answers.map(({ body }) => body)).size, 1)
  assert.deepEqual(await a.query(countOf, [email]), [{ n: 1 }])
  // As many wait as may; the others were answered like them.
  const live = 'SELECT "slot"::int4 FROM "Link" WHERE "supersededAt" IS NULL ORDER BY 1'
  assert.deepEqual(
    (await a.query(live)).map(({ slot }) => slot),
    [0, 1, 2, 3, 4]
  )
})

test('LNK-05 ENU-07 forty reset requests at once for one address are all answered, and leave one live link', async t => {
  const a = await startApp(t, generous)
  const b = await startAppOn(t, a.databaseUrl, generous)
  const { person } = await newMember(a)
  const answers = await atOnce(40, index =>
    newClient(index % 2 === 0 ? a : b).send('POST', '/password/reset/', { email: person.email })
  )
  for (const { statusCode, body } of answers) assert.equal(statusCode, 200, body)
  assert.equal((await a.query('SELECT 1 FROM "Link" WHERE "supersededAt" IS NULL')).length, 1)
})
