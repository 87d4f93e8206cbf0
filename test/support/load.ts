import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import type pg from 'pg'
import { assertProblem } from './expect.js'
import {
  type Answer,
  type Client,
  newClient,
  newPerson,
  type Person,
  refresh,
  refreshCookie,
  type Service,
  setCookies,
  signIn,
  signUp
} from './people.js'
import { until } from './until.js'

/** Come back later, and nothing is lost: 503 with `Retry-After`, and the client keeps its token. */
export function assertUnavailable(answer: Answer) {
  assertProblem(answer, 503, 'unavailable')
  assert.ok(Number(answer.headers['retry-after']) >= 1)
  assert.equal(setCookies(answer).has(refreshCookie), false, 'the cookie stays')
}

/** A slow machine may still be busy with what was held back: until then the answer is 503, never another. */
export const refreshInTheEnd = (client: Client) =>
  until('the session goes on', async () => {
    const answer = await refresh(client)
    if (answer.statusCode !== 200) assertUnavailable(answer)
    return answer.statusCode === 200
  })

type Counts = { done: number; refused: number }

/** Does something without pause until told to stop; counts what came of it. */
function keepDoing(once: () => Promise<Answer>) {
  const counts: Counts = { done: 0, refused: 0 }
  let stopped = false
  async function run() {
    while (!stopped) {
      const answer = await once()
      if (answer.statusCode < 300) counts.done++
      else {
        assertUnavailable(answer)
        counts.refused++
        await pause(20) // a client that is asked to come back does not hammer
      }
    }
  }
  let failure: unknown
  const running = run()
  running.catch(error => {
    failure = error
  })
  return {
    counts,
    /** Throws what ended it too early. */
    check() {
      if (failure !== undefined) throw failure
    },
    async stop() {
      stopped = true
      await running
    }
  }
}

type Queryable = {
  query<Row extends pg.QueryResultRow>(text: string): Promise<Row[]>
}

/**
 * A bounded load: each of the clients refreshes and two people sign up, again and again. Every answer is
 * a success or 503.
 */
export function startLoad(service: Service, clients: readonly Client[]) {
  const people: Person[] = []
  const welcomed: Person[] = []
  const sessions = clients.map(({ sessionId }) => sessionId)
  async function join() {
    const person = newPerson()
    people.push(person)
    const answer = await signUp(newClient(service), person)
    if (answer.statusCode === 201) welcomed.push(person)
    return answer
  }
  const tasks = [
    ...clients.map(client => keepDoing(() => refresh(client))),
    ...[1, 2].map(() => keepDoing(join))
  ]
  return {
    /** Waits until every task has been answered so often more. */
    async each(what: keyof Counts, times: number) {
      const before = tasks.map(({ counts }) => counts[what])
      await until(`every task is ${what} ${times} times more`, () => {
        for (const task of tasks) task.check()
        return tasks.every(({ counts }, index) => counts[what] >= (before[index] ?? 0) + times)
      })
    },
    /** How often a task was refused until now. */
    refused: () => tasks.reduce((sum, { counts }) => sum + counts.refused, 0),
    async stop() {
      for (const task of tasks) await task.stop()
    },
    /** After the load: what was acknowledged is there, and what was not is whole or absent. */
    async assertNothingLost(database: Queryable, through: Service = service) {
      const half = `SELECT 1 FROM "User" u WHERE "passwordHash" IS NULL
        OR NOT EXISTS (SELECT FROM "Session" s WHERE s."userId" = u."id")`
      assert.deepEqual(await database.query(half), [], 'an account and its first session are one')
      for (const client of clients) await refreshInTheEnd(client)
      assert.deepEqual(
        clients.map(({ sessionId }) => sessionId),
        sessions
      )
      const rows = await database.query<{ email: string }>('SELECT "email" FROM "User"')
      const emails = new Set(rows.map(({ email }) => email))
      for (const { email } of welcomed) assert.ok(emails.has(email), 'an account that was promised')
      for (const person of people.filter(({ email }) => emails.has(email)))
        assert.equal((await signIn(newClient(through), person)).statusCode, 200)
    }
  }
}
