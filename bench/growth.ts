import { listEvents } from '../src/audit/list.js'
import { purgeAuditEvents } from '../src/audit/purge.js'
import { openDatabase } from '../src/base/database/database.js'
import { purgeAttempts } from '../src/limits/purge.js'
import { purgeLinks } from '../src/links/purge.js'
import { readMailBacklog } from '../src/mail/backlog.js'
import { purgeMails } from '../src/mail/purge.js'
import { purgeChallenges } from '../src/mfa/purge.js'
import { listAccounts } from '../src/operator/list-accounts.js'
import { listInvitations } from '../src/registration/manage-invitations.js'
import { purgeSessions } from '../src/sessions/purge.js'
import { drive, wire } from './load.js'
import { createPeople, loginRequest, signIn, type Tokens } from './people.js'
import { median, type Result } from './report.js'
import type { Effort } from './scenarios.js'
import { seed } from './seed.js'
import { poolSize, type World } from './world.js'

const signedIn = 64
const atMost = 1.3

/** A database of one size, and what is measured on it: each returns milliseconds. */
type Town = {
  readonly people: number
  readonly measures: Record<string, () => Promise<number>>
  close(): Promise<void>
}

/** What each hot route, purge and list costs as the installation grows. */
export async function growth(world: World, effort: Effort): Promise<Result[]> {
  const towns: Town[] = []
  try {
    for (const people of effort.sizes) towns.push(await openTown(world, people, effort))
    const [smallest, ...larger] = towns as [Town, ...Town[]]
    const found = new Map<string, number[]>()
    // All sizes one right after the other, so that a disturbance meets them alike.
    for (let round = 0; round <= effort.rounds; round++)
      for (const name of Object.keys(smallest.measures))
        for (const { people, measures } of towns) {
          const cost = await measures[name]?.()
          const key = `${people} ${name}`
          if (round > 0 && cost !== undefined) found.set(key, [...(found.get(key) ?? []), cost])
        }
    const costOf = (town: Town, name: string) => median(found.get(`${town.people} ${name}`) ?? [])
    return Object.keys(smallest.measures).flatMap(name =>
      larger.map(town => {
        const [floor, ours] = [costOf(smallest, name), costOf(town, name)]
        const ratio = ours / floor
        const said = `${name}: ${town.people} people against ${smallest.people}`
        return {
          name: said,
          unit: 'ms',
          floor,
          ours,
          ratio,
          target: `≤ ${atMost}`,
          ok: ratio <= atMost
        }
      })
    )
  } finally {
    for (const town of towns) await town.close()
  }
}

async function openTown(world: World, people: number, { probes }: Effort): Promise<Town> {
  console.error(`  seeding ${people} people …`)
  const place = await world.createDatabase(`people_${people}`)
  const service = await place.startService({ MAX_SESSIONS_PER_USER: '1000' })
  await seed(place.query, people)
  await createPeople(place, signedIn)
  const tokens = await signIn(service, signedIn)
  const db = openDatabase({
    url: place.databaseUrl,
    poolSize,
    statementTimeoutSeconds: 60,
    onIdleError: () => {}
  })
  const deps = { db, clock: () => new Date() }
  const asked = async (
    request: (n: number) => string,
    keep?: (body: string, n: number) => void
  ) => {
    let n = -1
    const { p50 } = await drive({
      port: service.port,
      clients: 1,
      count: probes,
      request: () => request(++n % signedIn),
      onAnswer: (_client, body) => keep?.(body, n % signedIn)
    })
    return p50
  }
  const read = (path: string) => () =>
    asked(n => wire('GET', path, { bearer: (tokens[n] as Tokens).access }))
  const called = (work: () => Promise<unknown>) => async () => {
    const times: number[] = []
    for (let n = 0; n < 20; n++) {
      const began = performance.now()
      await work()
      times.push(performance.now() - began)
    }
    return median(times)
  }
  return {
    people,
    measures: {
      'POST /refresh/': () =>
        asked(
          n => wire('POST', '/refresh/', { body: { refresh: (tokens[n] as Tokens).refresh } }),
          (body, n) => {
            tokens[n] = JSON.parse(body)
          }
        ),
      'POST /login/': () => asked(loginRequest),
      'GET /user/': read('/user/'),
      'GET /sessions/': read('/sessions/'),
      'GET /user/activity/': read('/user/activity/'),
      'list accounts': called(() => listAccounts(deps, { limit: 50 })),
      'list invited accounts': called(() => listAccounts(deps, { limit: 50, state: 'invited' })),
      'list pending invitations': called(() =>
        listInvitations(deps, { state: 'pending', before: null, limit: 50 })
      ),
      'list audit events': called(() => listEvents(deps, { limit: 50 })),
      'mail backlog': called(() => readMailBacklog(db)),
      'purge sessions': called(() => purgeSessions(db)),
      'purge audit events': called(() => purgeAuditEvents(db, 31_536_000)),
      'purge counters': called(() => purgeAttempts(db)),
      'purge challenges': called(() => purgeChallenges(db)),
      'purge mails': called(() => purgeMails(db)),
      'purge links': called(() => purgeLinks(db))
    },
    close: async () => {
      await service.stop()
      await db.close()
      await place.drop()
    }
  }
}
