import { databaseCpu } from './cpu.js'
import { drive } from './load.js'
import { createPeople, driveRefresh, driveUser, loginRequest, signIn } from './people.js'
import { figure, median, type Result } from './report.js'
import type { Scenario } from './scenarios.js'
import { seed } from './seed.js'
import type { Place } from './world.js'

const clients = 64
const people = 20_000
/** What was used so far, or by one request: milliseconds of CPU, and bytes. */
type Used = { readonly service: number; readonly database: number; readonly log: number }

/** What one request costs the process and the database, and one row the disk: the numbers of docs/scaling.md. */
export const cost: Scenario = async (world, effort) => {
  const place = await world.createDatabase('cost')
  const service = await place.startService()
  try {
    await seed(place.query, people)
    await createPeople(place, clients)
    const tokens = await signIn(service, clients)
    const readers = [...tokens]
    let person = 0
    const loads: [name: string, count: number, run: (count: number) => Promise<unknown>][] = [
      ['refresh', effort.requests / 10, count => driveRefresh(service, tokens, { clients, count })],
      [
        'GET /user/',
        effort.requests / 10,
        count => driveUser(service, readers, { clients, count })
      ],
      [
        'sign-in',
        effort.logins,
        count =>
          drive({
            port: service.port,
            clients: 16,
            count,
            request: () => loginRequest(person++ % clients)
          })
      ]
    ]
    const results: Result[] = []
    for (const [name, count, run] of loads) {
      const all: Used[] = []
      for (let round = 0; round <= effort.rounds; round++) {
        const before = await used()
        await run(count)
        const after = await used()
        if (round > 0) all.push(difference(after, before, count))
      }
      results.push(
        figure(`${name}: the process`, 'CPU ms', median(all.map(it => it.service))),
        figure(`${name}: the database`, 'CPU ms', median(all.map(it => it.database))),
        figure(`${name}: write-ahead log`, 'bytes', median(all.map(it => it.log)))
      )
    }
    return [...results, ...(await rowSizes(place))]

    async function used(): Promise<Used> {
      return {
        service: (await service.usage()).cpuMicros / 1000,
        database: await databaseCpu(place),
        log: await logPosition(place)
      }
    }
  } finally {
    await service.stop()
    await place.drop()
  }
}

const difference = (after: Used, before: Used, count: number): Used => ({
  service: (after.service - before.service) / count,
  database: (after.database - before.database) / count,
  log: (after.log - before.log) / count
})

/** Of the whole server: on one that others use, their writes are counted too. */
async function logPosition({ query }: Place): Promise<number> {
  const [row] = await query(
    `SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 AS bytes`
  )
  return (row as { bytes: number }).bytes
}

/** With indexes. */
async function rowSizes({ query }: Place): Promise<Result[]> {
  const results: Result[] = []
  for (const table of ['User', 'Session', 'AuditEvent']) {
    const [row] = await query(
      `SELECT pg_total_relation_size('"${table}"')::float8 / count(*) AS bytes FROM "${table}"`
    )
    results.push(figure(`a row of "${table}"`, 'bytes', (row as { bytes: number }).bytes))
  }
  return results
}
