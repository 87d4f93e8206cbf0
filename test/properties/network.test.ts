import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { secretKey, startApp, startAppOn, type TestApp } from '../support/app.js'
import { lookInto } from '../support/database.js'
import { bySecret, derivedKey, forge, headerOf } from '../support/forge.js'
import { claimsOf, newMember, present, type Service } from '../support/people.js'
import {
  type Held,
  heldOf,
  honestStore,
  patientClient,
  pick,
  type Run,
  randomOf,
  theft,
  type World
} from './network-simulator.js'

// SIMULATED_RUNS says how many sessions live, SIMULATED_SEED from which number their stories are drawn.
const runs = Number(process.env.SIMULATED_RUNS ?? 2000)
const firstSeed = Number(process.env.SIMULATED_SEED ?? 1)
/** So many live at the same time; more would only fill the database. */
const atOneTime = 2000

/** What happens within so many seconds happens side by side. */
const momentSeconds = 0.5

test(`SES-02 SES-03 SES-05 SES-26 SES-27 ${runs} sessions over a hard network: no honest client is signed out, every theft is found`, async t => {
  const first = await startApp(t)
  const second = await startAppOn(t, first.databaseUrl)
  const counts: Record<string, number> = {}
  for (let done = 0; done < runs; done += atOneTime)
    await simulate([first, second], firstSeed + done, Math.min(atOneTime, runs - done), counts)
  t.diagnostic(JSON.stringify(counts))
})

async function simulate(
  instances: readonly [TestApp, TestApp],
  seed: number,
  size: number,
  counts: Record<string, number>
): Promise<void> {
  const [service] = instances
  const agenda = createAgenda()
  const world = await createWorld(instances, agenda, randomOf(0), counts)
  const tokens = await openSessions(service, size)
  tokens.forEach((token, index) => {
    const random = randomOf(seed + index)
    const transport = index % 2 === 0 ? 'cookie' : 'body'
    const run: Run = { transport, token, random, name: `SIMULATED_SEED=${seed + index}` }
    const kind = random()
    const live = kind < 0.6 ? honestStore : kind < 0.75 ? patientClient : theft
    live(world, run, random() * 600)
  })
  await agenda.run(async moment => world.turnClock(moment * momentSeconds))
}

/** All that is to be done, by the moment when it is due. */
function createAgenda() {
  const due = new Map<number, ((now: number) => Promise<void> | void)[]>()
  let last = 0
  let now = 0
  return {
    at(time: number, act: (now: number) => Promise<void> | void) {
      const moment = Math.max(Math.ceil(time / momentSeconds), now + 1)
      last = Math.max(last, moment)
      due.set(moment, [...(due.get(moment) ?? []), act])
    },
    async run(turn: (moment: number) => Promise<void>) {
      for (; now <= last; now++) {
        const acts = due.get(now)
        if (acts === undefined) continue
        due.delete(now)
        await turn(now)
        await Promise.all(acts.map(act => act(now * momentSeconds)))
      }
    }
  }
}

type Agenda = ReturnType<typeof createAgenda>

async function createWorld(
  instances: readonly [TestApp, TestApp],
  { at }: Agenda,
  random: () => number,
  counts: Record<string, number>
): Promise<World & { turnClock(seconds: number): Promise<void> }> {
  const [service] = instances
  const database = lookInto(service.databaseUrl)
  const count = (what: string) => {
    counts[what] = (counts[what] ?? 0) + 1
  }
  const [{ start } = { start: new Date() }] = await service.query<{ start: Date }>(
    'SELECT now() AS "start"'
  )
  // The database crashes for both instances.
  const crashes = Array.from({ length: 60 }, () => {
    return { instance: pick(random, [0, 1, null]), at: random() * 4000 }
  })
  return {
    at,
    count,
    async present(instance, token, transport) {
      const answer = await present(instances[instance] as Service, token.text, transport)
      count(`answers ${answer.statusCode}`)
      return answer
    },
    crashed: (instance, from, to) =>
      crashes.some(crash => {
        const isOurs = crash.instance === null || crash.instance === instance
        return isOurs && crash.at >= from && crash.at <= to
      }),
    async remember({ text }) {
      const { session } = claimsOf(text)
      const columns = '"jti", "nextAt", "previousJti", "rotatedAt", "usedBeforeJti", "generation"'
      const select = `SELECT ${columns} FROM "Session" WHERE "id" = $1`
      const [row] = await service.query<Record<string, unknown>>(select, [session])
      const update = `UPDATE "Session" SET (${columns}) = ($2, $3, $4, $5, $6, $7) WHERE "id" = $1`
      return async () => {
        await database.query(update, [session, ...Object.values(row ?? {})])
      }
    },
    async turnClock(seconds) {
      const text = 'UPDATE test_clock.shift SET by = $1::timestamptz - pg_catalog.now()'
      await database.query(text, [new Date(start.getTime() + seconds * 1000)])
    }
  }
}

/** Sessions that have just begun. A sign-in costs a hash, so all are copies of one that a sign-in opened. */
async function openSessions(service: TestApp, size: number): Promise<Held[]> {
  const { client } = await newMember(service)
  const token = client.refreshToken as string
  const claims = claimsOf(token)
  const sign = bySecret(derivedKey(secretKey, 'refresh-token'))
  const sessions = Array.from({ length: size }, (_, index) => ({
    id: randomUUID(),
    jti: randomUUID(),
    par: randomUUID(),
    transport: index % 2 === 0 ? 'cookie' : 'body'
  }))
  const text = `
    INSERT INTO "Session" ("id", "jti", "previousJti", "transport", "userId", "rotatedAt", "createdAt",
      "authTime", "amr", "lastUsedAt", "expiresAt", "ip", "userAgent")
    SELECT x."id", x."jti", x."par", x."transport"::"Transport", s."userId", s."rotatedAt", s."createdAt",
      s."authTime", s."amr", s."lastUsedAt", s."expiresAt", s."ip", s."userAgent"
    FROM "Session" s, jsonb_to_recordset($2::jsonb) AS x("id" uuid, "jti" uuid, "par" uuid, "transport" text)
    WHERE s."id" = $1`
  await lookInto(service.databaseUrl).query(text, [claims.sid, JSON.stringify(sessions)])
  return sessions.map(({ id, jti, par }) =>
    heldOf(forge(headerOf(token), { ...claims, sid: id, session: id, jti, par }, sign))
  )
}
