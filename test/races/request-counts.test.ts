import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { type OpenDatabase, openDatabase } from '../../src/base/database/database.js'
import { createAheadCounter } from '../../src/limits/ahead-counter.js'
import { createDatabaseCounter } from '../../src/limits/request-counter.js'
import { atEnd } from '../support/at-end.js'
import { createTestDatabase } from '../support/database.js'

const limit = 200
const windowMs = 60_000

async function openShared(t: TestContext): Promise<OpenDatabase> {
  const { url, drop } = await createTestDatabase()
  const db = openDatabase({ url, poolSize: 4, statementTimeoutSeconds: 10, onIdleError: () => {} })
  atEnd(t, async () => {
    await db.close()
    await drop()
  })
  return db
}

const counterOver = (db: OpenDatabase) =>
  createAheadCounter(createDatabaseCounter(db), () => new Date())

const storedCount = async ({ pool }: OpenDatabase): Promise<number> =>
  (await pool.query('SELECT "count" FROM "RequestCount"')).rows[0]?.count ?? 0

test('BRF-08 going ahead, one instance lets through exactly the limit', async t => {
  const db = await openShared(t)
  const counter = counterOver(db)
  const inRow = []
  for (let n = 0; n < 120; n++) inRow.push(await counter.count('a', windowMs, limit))
  const atOnce = await Promise.all(
    Array.from({ length: 180 }, () => counter.count('a', windowMs, limit))
  )
  const passed = [...inRow, ...atOnce].filter(({ current }) => current <= limit)
  assert.equal(passed.length, limit)
  assert.equal(await storedCount(db), 300)
})

test('BRF-08 two instances that both go ahead let through a quarter more at most', async t => {
  const db = await openShared(t)
  const instances = [counterOver(db), counterOver(db)]
  let passed = 0
  for (let n = 0; n < 400; n++) {
    const counter = instances[n % 2] as (typeof instances)[number]
    if ((await counter.count('a', windowMs, limit)).current <= limit) passed++
  }
  assert.ok(passed >= limit && passed <= limit * 1.25, `${passed} passed`)
})

test('requests that went ahead are handed over when the counter is closed', async t => {
  const db = await openShared(t)
  const counter = counterOver(db)
  for (let n = 0; n < 30; n++) await counter.count('a', windowMs, limit)
  await counter.close()
  assert.equal(await storedCount(db), 30)
})

test('BRF-08 a low limit is exact across instances', async t => {
  const db = await openShared(t)
  const instances = [counterOver(db), counterOver(db)]
  const counts = []
  for (let n = 0; n < 20; n++) {
    const counter = instances[n % 2] as (typeof instances)[number]
    counts.push((await counter.count('a', windowMs, 99)).current)
  }
  assert.deepEqual(
    counts,
    Array.from({ length: 20 }, (_, n) => n + 1)
  )
})
