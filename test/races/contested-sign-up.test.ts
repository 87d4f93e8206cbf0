import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp, startAppOn } from '../support/app.js'
import { open, pathOf, startMailing } from '../support/links.js'
import { newClient, newPerson, signIn, signUp } from '../support/people.js'
import { inviting, newMemberAs, sendInvitation } from '../support/team.js'
import { atOnce } from '../support/until.js'

const rounds = 12
const mandatory = { EMAIL_VERIFICATION: 'mandatory' }
const verified = '/registration/verified/'

test('EML-10 a confirmation racing a stranger’s sign-up gives the account to the owner or to nobody', async t => {
  const { service, mailbox } = await startMailing(t, mandatory)
  const outcomes = new Set<string>()
  for (let round = 0; round < rounds; round++) {
    const owner = newPerson()
    const stranger = { ...owner, password: 'a stranger’s own hat' }
    await signUp(newClient(service), owner)
    const link = await mailbox.linkFor(owner.email)
    // The hash makes a sign-up slow: both come to the row at about the same time.
    const joins = signUp(newClient(service), stranger)
    if (round % 3 > 0) await new Promise(resolve => setTimeout(resolve, 20 * (round % 5)))
    const [visit] = await Promise.all([open(newClient(service), link), joins])

    const isConfirmed = visit.headers.location === verified
    outcomes.add(isConfirmed ? 'confirmed' : 'contested')
    assert.equal(visit.statusCode, 302)
    const status = async (person: typeof owner) =>
      (await signIn(newClient(service), person)).json().code ?? 'signed in'
    assert.equal(await status(owner), isConfirmed ? 'signed in' : 'email_not_verified')
    assert.equal(await status(stranger), 'incorrect_credentials')
  }
  t.diagnostic([...outcomes].join())
})

test('EML-10 five links of one address confirmed at once: one counts, with its own password', async t => {
  const a = await startMailing(t, {
    ...mandatory,
    JWT_ALLAUTH_SESSION_ON_EMAIL_VERIFICATION: 'true'
  })
  const b = await startAppOn(t, a.service.databaseUrl, {
    ...mandatory,
    ...a.mailbox.settings,
    JWT_ALLAUTH_SESSION_ON_EMAIL_VERIFICATION: 'true'
  })
  for (let round = 0; round < 4; round++) {
    const { email } = newPerson()
    const people = Array.from({ length: 5 }, (_, n) => ({ email, password: `hat number ${n}…` }))
    const links: string[] = []
    for (const person of people) {
      await signUp(newClient(a.service), person)
      links.push(await a.mailbox.linkFor(email))
    }
    const answers = await atOnce(10, n =>
      newClient(n % 2 === 0 ? a.service : b).send('POST', pathOf(links[n % 5] as string), {
        password: people[n % 5]?.password
      })
    )
    const won = new Set(answers.flatMap(({ statusCode }, n) => (statusCode === 303 ? [n % 5] : [])))
    assert.equal(won.size, 1, answers.map(({ statusCode }) => statusCode).join())
    for (const [n, person] of people.entries()) {
      const { statusCode } = await signIn(newClient(b), person)
      assert.equal(statusCode, won.has(n) ? 200 : 401)
    }
    const [opened] = await a.service.query<{ count: number }>(
      `SELECT count(*)::int4 AS count FROM "AuditEvent" e JOIN "User" u ON u."id" = e."subjectId"
       WHERE u."email" = $1 AND e."event" = 'session.opened'`,
      [email]
    )
    assert.equal(opened?.count, 1, 'one confirmation opened one session')
  }
})

test('ADM-02 two people of the staff who invite each other never wait for each other', async t => {
  const service = await startApp(t, { ...inviting, MAIL_WORKER: 'false' })
  const [ada, ben] = [await newMemberAs(service, 'staff'), await newMemberAs(service, 'staff')]
  for (let round = 0; round < 5; round++) {
    const answers = await atOnce(12, n =>
      n % 2 === 0
        ? sendInvitation(ada.client, ben.person.email)
        : sendInvitation(ben.client, ada.person.email)
    )
    for (const answer of answers) assert.equal(answer.json().code, 'email_taken', answer.body)
  }
  await service.query('SELECT pg_stat_clear_snapshot()')
  const [{ deadlocks } = { deadlocks: -1 }] = await service.query<{ deadlocks: number }>(
    'SELECT "deadlocks"::int4 FROM pg_stat_database WHERE datname = current_database()'
  )
  assert.equal(deadlocks, 0)
})
