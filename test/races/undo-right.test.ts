import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { startApp, startAppOn, type TestApp } from '../support/app.js'
import { atEnd } from '../support/at-end.js'
import { queuedLink, unsent } from '../support/links.js'
import { type Client, newClient, newPerson, readUser, signedIn, signUp } from '../support/people.js'
import { inviteByOperator, userIdOf } from '../support/team.js'
import { atOnce, until } from '../support/until.js'

const settings = { ...unsent, EMAIL_VERIFICATION: 'mandatory' }

const post = (service: TestApp, path: string, client: Client = newClient(service)) =>
  client.send('POST', path, {}, { accept: 'application/json' })

async function newOwner(service: TestApp) {
  const person = newPerson()
  await signUp(newClient(service), person)
  await post(service, await queuedLink(service, person.email))
  return { person, client: await signedIn(service, person) }
}

const reservedTwice = `
  SELECT 1 FROM "UndoRight" r JOIN "User" u ON u."email" = r."address" AND u."id" <> r."userId"`

test('UND-02 nobody takes the address in the moment it is left', async t => {
  const a = await startApp(t, settings)
  const b = await startAppOn(t, a.databaseUrl, { ...settings, EMAIL_VERIFICATION: 'optional' })
  for (let round = 0; round < 4; round++) {
    const { person, client } = await newOwner(a)
    const lair = newPerson('lair')
    await client.send('PATCH', '/user/', { email: lair.email })
    const confirm = await queuedLink(a, lair.email, /confirm/)
    const stranger = { email: person.email, password: 'some quite other words' }
    const [moved, answers] = await Promise.all([
      post(a, confirm),
      atOnce(12, async index => {
        if (index % 4 === 3) {
          await assert.rejects(inviteByOperator(a, person.email), { code: 'email_taken' })
          return null
        }
        const service = index % 2 === 0 ? a : b
        return { hides: service === a, answer: await signUp(newClient(service), stranger) }
      })
    ])
    assert.equal(moved.statusCode, 200, moved.body)
    for (const each of answers)
      if (each !== null) assert.equal(each.answer.statusCode, each.hides ? 201 : 400)
    const holders = await a.query('SELECT 1 FROM "User" WHERE "email" = $1', [person.email])
    assert.equal(holders.length, 0)
    const undone = await post(a, await queuedLink(a, person.email, /undo/))
    assert.equal(undone.statusCode, 200, undone.body)
    assert.equal((await readUser(client)).statusCode, 401)
  }
  assert.deepEqual(await a.query(reservedTwice), [])
})

test('UND-01 the owner’s undo and a thief’s changes at once leave the account to its owner', async t => {
  const service = await startApp(t, settings)
  for (let round = 0; round < 4; round++) {
    const { person, client: thief } = await newOwner(service)
    const lairs = [newPerson('lair').email, newPerson('den').email] as const
    await thief.send('PATCH', '/user/', { email: lairs[0] })
    await post(service, await queuedLink(service, lairs[0], /confirm/))
    await thief.send('PATCH', '/user/', { email: lairs[1] })
    const next = await queuedLink(service, lairs[1], /confirm/)
    const undo = await queuedLink(service, person.email, /undo/)
    const presses = await atOnce(6, index => post(service, index % 2 === 0 ? undo : next))

    assert.ok(presses.every(({ statusCode }) => statusCode === 200 || statusCode === 400))
    assert.ok(
      presses.filter((_, index) => index % 2 === 0).some(({ statusCode }) => statusCode === 200)
    )
    const [row] = await service.query<{ email: string }>(
      'SELECT "email" FROM "User" WHERE "id" = $1',
      [userIdOf(thief)]
    )
    assert.equal(row?.email, person.email)
    assert.equal((await readUser(thief)).statusCode, 401)
    assert.equal((await post(service, next)).statusCode, 400)
  }
})

test('UND-02 PostgreSQL itself keeps a reserved address', async t => {
  const service = await startApp(t, settings)
  const { person, client } = await newOwner(service)
  const moved = newPerson('moved').email
  await client.send('PATCH', '/user/', { email: moved })
  await post(service, await queuedLink(service, moved, /confirm/))
  const userId = userIdOf(client)
  const connect = async () => {
    const connection = new pg.Client(service.databaseUrl)
    await connection.connect()
    atEnd(t, () => connection.end())
    return connection
  }
  const [one, other] = [await connect(), await connect()]
  const take = () =>
    other.query(
      `INSERT INTO "User" ("id", "email", "createdAt") VALUES (gen_random_uuid(), $1, now())`,
      [person.email]
    )
  await assert.rejects(take(), { code: '23505' })
  await assert.rejects(
    one.query(`UPDATE "UndoRight" SET "address" = $1`, [newPerson().email]),
    { code: '23514' },
    'a right is for the address of its account'
  )

  // The right has expired, and its account extends it while somebody takes the address.
  await service.advance(73 * 3600)
  await one.query('BEGIN')
  await one.query(`UPDATE "UndoRight" SET "expiresAt" = now() + interval '1 hour'`)
  const refused = assert.rejects(take(), { code: '23505' })
  await until('the second waits for the first', async () => {
    const waiting = await service.query(
      `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
    )
    return waiting.length > 0
  })
  await one.query('COMMIT')
  await refused
  // It has expired for good: the address is free, and the row goes.
  await service.advance(2 * 3600)
  await take()
  const rights = await service.query('SELECT 1 FROM "UndoRight" WHERE "userId" = $1', [userId])
  assert.equal(rights.length, 0)
})
