import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import test, { type TestContext } from 'node:test'
import fc from 'fast-check'
import { type OpenDatabase, openDatabase } from '../../src/base/database/database.js'
import {
  type Budget,
  type Refused,
  type Reserved,
  readBudget,
  refund,
  tryReserve
} from '../../src/limits/budgets.js'
import { atEnd } from '../support/at-end.js'
import { createTestDatabase, lookInto } from '../support/database.js'

// MODEL_RUNS says how many sequences to try, MODEL_SEED repeats what a failure printed.
const numRuns = Number(process.env.MODEL_RUNS ?? 15)
const seed = process.env.MODEL_SEED === undefined ? {} : { seed: Number(process.env.MODEL_SEED) }

/** Times are whole microseconds since the beginning, as the table stores them. */
const second = 1_000_000
const isRefused = (result: Refused | Reserved): result is Refused => 'spent' in result

/** Two instances on a database whose clock stands still until it is set. */
async function openWorld(t: TestContext) {
  const { url, drop } = await createTestDatabase()
  // This table makes the database different from others, so no other test gets it.
  await lookInto(url).query(`
    CREATE TABLE "FrozenClock" (at timestamptz NOT NULL);
    INSERT INTO "FrozenClock" VALUES ('2026-11-26T00:00:00Z');
    CREATE OR REPLACE FUNCTION test_clock.now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
      AS 'SELECT at FROM public."FrozenClock"'`)
  const open = () =>
    openDatabase({ url, poolSize: 3, statementTimeoutSeconds: 60, onIdleError: () => {} })
  const instances = [open(), open()]
  atEnd(t, async () => {
    await Promise.all(instances.map(instance => instance.close()))
    await drop()
  })
  const key = randomBytes(32)
  let subject = 0
  const instance = (n: number) => instances[n % 2] as OpenDatabase
  return {
    /** A budget that nobody has used. */
    newBudget: (size: Size): Budget => ({
      kind: 'test',
      subject: String(subject++),
      rate: { count: size.count, seconds: size.seconds },
      ...(size.grows ? { grows: true } : {})
    }),
    at: (micros: number) =>
      lookInto(url).query(
        `UPDATE "FrozenClock" SET at = timestamptz '2026-11-26T00:00:00Z' + $1 * interval '1 microsecond'`,
        [micros]
      ),
    take: (budget: Budget, n: number) => tryReserve(instance(n), key, [budget]),
    takeAll: (budgets: readonly Budget[], n: number) => tryReserve(instance(n), key, budgets),
    giveBack: (taken: Reserved, n: number) => refund(instance(n), taken),
    read: (budget: Budget) => readBudget(instance(0), key, budget),
    /** Ends an instance and starts it again. */
    restart: async (n: number) => {
      await instance(n).close()
      instances[n % 2] = open()
    }
  }
}

type Size = { readonly count: number; readonly seconds: number; readonly grows: boolean }

const anySize = fc.record({
  count: fc.integer({ min: 1, max: 12 }),
  seconds: fc.constantFrom(1, 7, 60, 300, 3600, 86_400),
  grows: fc.boolean()
})

/** Shares of a period that lie between two attempts. */
const anyGaps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 3, arbitrary: fc.double({ min: 0, max: 0.3, noNaN: true }) },
    { weight: 1, arbitrary: fc.double({ min: 0, max: 3, noNaN: true }) }
  ),
  { minLength: 5, maxLength: 40 }
)

test('BRF-16 of at most as many attempts in every period as the budget allows none is refused', async t => {
  const world = await openWorld(t)
  await fc.assert(
    fc.asyncProperty(anySize, anyGaps, async (size, gaps) => {
      const budget = world.newBudget(size)
      const period = size.seconds * second
      const times: number[] = []
      for (const [n, gap] of gaps.entries()) {
        const earliest = n < size.count ? 0 : (times[n - size.count] ?? 0) + period
        times.push(Math.max(Math.floor((times[n - 1] ?? 0) + gap * period), earliest))
        await world.at(times[n] ?? 0)
        assert.ok(!isRefused(await world.take(budget, n)), `attempt ${n} at ${times}`)
      }
    }),
    { numRuns, ...seed }
  )
})

test('BRF-16 above the rate no more get through than have come back and were there at first, over instances and restarts', async t => {
  const world = await openWorld(t)
  await fc.assert(
    fc.asyncProperty(
      anySize,
      anyGaps,
      fc.integer({ min: 1, max: 4 }),
      async (size, gaps, crowd) => {
        const budget = world.newBudget(size)
        const period = size.seconds * second
        const step = Math.floor(period / size.count)
        const taken: number[] = []
        let now = 0
        for (const [n, gap] of gaps.entries()) {
          now += Math.floor((gap * period) / 2)
          await world.at(now)
          if (n === 20) await world.restart(n)
          const results = await Promise.all(
            Array.from({ length: crowd }, (_, index) => world.take(budget, n + index))
          )
          for (const result of results) if (!isRefused(result)) taken.push(now)
        }
        for (const [first, from] of taken.entries()) {
          for (let last = first; last < taken.length; last++) {
            const most = size.count + Math.ceil(((taken[last] ?? 0) - from) / step)
            assert.ok(
              last - first + 1 <= most,
              `${last - first + 1} from ${from} to ${taken[last]}`
            )
          }
        }
      }
    ),
    { numRuns, ...seed }
  )
})

test('BRF-16 BRF-09 the wait is exact: a microsecond earlier is refused, that moment is not', async t => {
  const world = await openWorld(t)
  await fc.assert(
    fc.asyncProperty(anySize, anyGaps, async (size, gaps) => {
      const budget = world.newBudget(size)
      let now = 0
      let waits = 0
      for (const [n, gap] of gaps.entries()) {
        now += Math.floor((gap * size.seconds * second) / 4)
        await world.at(now)
        const result = await world.take(budget, n)
        if (!isRefused(result) || waits > 6) continue
        waits++
        const micros = Math.round(result.waitSeconds * second)
        const read = await world.read(budget)
        assert.equal(Math.round((read.waitSeconds ?? 0) * second), micros)
        now += micros
        await world.at(now - 1)
        assert.ok(isRefused(await world.take(budget, n)), 'too early')
        await world.at(now)
        assert.ok(!isRefused(await world.take(budget, n + 1)), 'in time')
      }
    }),
    { numRuns, ...seed }
  )
})

test('BRF-16 waits of failed proofs double for those who come back at once, and shrink with time; mails never wait longer', async t => {
  const world = await openWorld(t)
  /** The waits of somebody who fails again as soon as possible, and idles after some of them. */
  async function waitsOf(size: Size, idle: (n: number) => number): Promise<number[]> {
    const budget = world.newBudget(size)
    const waits: number[] = []
    let now = 0
    for (let n = 0; waits.length < 9; n++) {
      await world.at(now)
      const result = await world.take(budget, n)
      if (!isRefused(result)) continue
      waits.push(result.waitSeconds)
      now += Math.round((result.waitSeconds + idle(waits.length)) * second)
    }
    return waits
  }
  const five = { count: 5, seconds: 300 }
  const never = () => 0
  assert.deepEqual(
    await waitsOf({ ...five, grows: true }, never),
    [60, 120, 240, 480, 900, 900, 900, 900, 900]
  )
  assert.deepEqual(await waitsOf({ ...five, grows: false }, never), Array(9).fill(60))
  // 400 seconds without a failure take twice as much off the next wait.
  const shrunk = await waitsOf({ ...five, grows: true }, n => (n === 4 ? 400 : 0))
  assert.deepEqual(shrunk.slice(0, 6), [60, 120, 240, 480, 160, 320])
  const forgotten = await waitsOf({ ...five, grows: true }, n => (n === 4 ? 1200 : 0))
  assert.deepEqual(forgotten.slice(0, 6), [60, 120, 240, 480, 60, 120])
})

test('BRF-16 BRF-04 what succeeds leaves no trace, in whatever order it is given back', async t => {
  const world = await openWorld(t)
  const anyEvents = fc.array(
    fc.record({ succeeds: fc.boolean(), gap: fc.double({ min: 0, max: 0.5, noNaN: true }) }),
    { minLength: 3, maxLength: 15 }
  )
  await fc.assert(
    fc.asyncProperty(anySize, anyEvents, async (size, events) => {
      const [mixed, failedOnly] = [world.newBudget(size), world.newBudget(size)]
      let now = 0
      for (const [n, { succeeds, gap }] of events.entries()) {
        now += Math.floor(gap * size.seconds * second)
        await world.at(now)
        const result = await world.take(mixed, n)
        if (isRefused(result)) continue
        if (succeeds) await world.giveBack(result, n + 1)
        else assert.ok(!isRefused(await world.take(failedOnly, n)))
        const [one, other] = [await world.read(mixed), await world.read(failedOnly)]
        assert.ok(Math.abs(one.level - other.level) < 1e-9, `${one.level} ${other.level}`)
        assert.deepEqual(one.waitSeconds, other.waitSeconds)
      }
    }),
    { numRuns, ...seed }
  )
})

test('BRF-16 from several budgets an attempt is taken from all or from none', async t => {
  const world = await openWorld(t)
  const wide = world.newBudget({ count: 8, seconds: 60, grows: false })
  const narrow = world.newBudget({ count: 3, seconds: 60, grows: true })
  await world.at(0)
  const results = await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      world.takeAll(n % 3 === 0 ? [narrow, wide] : [wide, narrow], n)
    )
  )
  assert.equal(results.filter(result => !isRefused(result)).length, 3)
  assert.equal((await world.read(wide)).level, 3 / 8)
  assert.equal((await world.read(narrow)).level, 1)
})
