import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import pg from 'pg'
import { atEnd } from '../support/at-end.js'
import { advanceDatabaseClock, createTestDatabase } from '../support/database.js'

const hour = 3_600_000

async function connect(t: TestContext) {
  const database = await createTestDatabase()
  const client = new pg.Client(database.url)
  await client.connect()
  atEnd(t, async () => {
    await client.end()
    await database.drop()
  })
  /** Hours by which something is ahead of the real time. */
  const ahead = async (query: string | pg.QueryConfig) => {
    const { rows } = await client.query(query)
    return Math.floor((rows[0].at - Date.now()) / hour + 0.5)
  }
  return { ...database, client, ahead }
}

test('the database clock of one test can be turned, and no other one with it', async t => {
  const turned = await connect(t)
  const other = await connect(t)
  await advanceDatabaseClock(turned.url, 5 * hour)
  for (const clock of ['now', 'transaction_timestamp', 'statement_timestamp', 'clock_timestamp']) {
    assert.equal(await turned.ahead(`SELECT ${clock}() AS at`), 5, clock)
    assert.equal(await other.ahead(`SELECT ${clock}() AS at`), 0, clock)
  }
})

test('statements that were prepared before the clock was turned see the new time', async t => {
  const { client, url, ahead } = await connect(t)
  const named = { name: 'time', text: 'SELECT now() AS at' }
  // Often enough for PostgreSQL to go over to a plan that it keeps.
  for (let times = 0; times < 7; times++) assert.equal(await ahead(named), 0)
  await advanceDatabaseClock(url, 2 * hour)
  assert.equal(await ahead(named), 2)
  await client.query('BEGIN')
  assert.equal(await ahead(named), 2)
  await advanceDatabaseClock(url, hour)
  assert.equal(await ahead(named), 3, 'also within a transaction')
  await client.query('COMMIT')
})

test('defaults of columns follow the clock, and an index on a time is still used', async t => {
  const { client, url, ahead } = await connect(t)
  await client.query('CREATE TABLE event (at timestamptz DEFAULT now())')
  await client.query('CREATE INDEX ON event (at)')
  await advanceDatabaseClock(url, hour)
  await client.query('INSERT INTO event DEFAULT VALUES')
  assert.equal(await ahead('SELECT at FROM event'), 1)
  await client.query('SET enable_seqscan = off')
  const { rows } = await client.query('EXPLAIN SELECT FROM event WHERE at < now()')
  assert.match(JSON.stringify(rows), /Index Cond/)
})

test('what migrations and tests create is in the schema public', async t => {
  const { client } = await connect(t)
  await client.query('CREATE TABLE made_by_a_test ()')
  const { rows } = await client.query(
    `SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'test_clock'::regnamespace`
  )
  assert.deepEqual(rows, [{ relname: 'shift' }])
  const { rowCount } = await client.query(
    `SELECT FROM pg_tables WHERE schemaname = 'public' AND tablename IN ('User', '_prisma_migrations', 'made_by_a_test')`
  )
  assert.equal(rowCount, 3)
})
