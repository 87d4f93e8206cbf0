import { databaseCpu } from './cpu.js'
import { learnWork, resigned } from './floor-work.js'
import type { Measured } from './load.js'
import { driveRefresh, driveUser, signIn, type Tokens } from './people.js'
import { judge, type Result } from './report.js'
import type { Effort, Scenario } from './scenarios.js'
import type { Measurable, World } from './world.js'

type Drive = typeof driveUser
/** Rate and milliseconds of CPU for each request. */
type Sample = { readonly perSecond: number; readonly process: number; readonly database: number }
type Side = { readonly service: Measurable; readonly tokens: Tokens[]; readonly samples: Sample[] }

/** `GET /user/` beside two floors: one checks each token, the other remembers the checks. */
export const user: Scenario = (world, effort) =>
  sideBySide(world, effort, {
    name: 'GET /user/',
    drive: driveUser,
    floors: { 'floor without a cache': 0.55, 'floor with a cache': 1 }
  })

/** Rotations beside a floor that runs the same statement and makes the same signatures. */
export const refresh: Scenario = (world, effort) =>
  sideBySide(world, effort, {
    name: 'POST /refresh/',
    drive: driveRefresh,
    floors: { floor: 1.15 }
  })

type Work = {
  readonly name: string
  readonly drive: Drive
  /** The most CPU of the process for each request, in parts of that of the floor. */
  readonly floors: Readonly<Record<string, number>>
}

/** The service and its floors take turns, with the same load; each floor has sessions of its own. */
async function sideBySide(
  world: World,
  effort: Effort,
  { name, drive, floors }: Work
): Promise<Result[]> {
  const work = await learnWork(world)
  const service = await world.startService()
  const started = [service]
  try {
    const ours: Side = { service, tokens: await signIn(service, 64), samples: [] }
    const sides = new Map<string, Side>()
    for (const floor of Object.keys(floors)) {
      const CACHE = floor.endsWith('with a cache') ? { CACHE: 'true' as const } : {}
      const bare = await world.startHttpFloor({ WORK: JSON.stringify(work), ...CACHE })
      started.push(bare)
      const tokens = resigned(await signIn(service, 64), work)
      sides.set(floor, { service: bare, tokens, samples: [] })
    }
    const results: Result[] = []
    for (const clients of [16, 64]) {
      const all = [...sides.values(), ours]
      for (const side of all) {
        side.samples.length = 0
        await drive(side.service, side.tokens, { clients, count: effort.warmUp })
      }
      for (let round = 0; round < effort.rounds; round++)
        for (const side of all) side.samples.push(await sample(world, side, drive, clients, effort))
      for (const [floor, { samples }] of sides) {
        const rounds = (of: (sample: Sample) => number) =>
          samples.map((sample, index) => ({
            floor: of(sample),
            ours: of(ours.samples[index] as Sample)
          }))
        const what = `${name}, ${clients} clients, ${floor}`
        results.push(
          judge({
            name: `${what}: process`,
            unit: 'CPU ms',
            rounds: rounds(it => it.process),
            atMost: floors[floor] as number
          }),
          judge({ name: `${what}: PostgreSQL`, unit: 'CPU ms', rounds: rounds(it => it.database) }),
          judge({ name: `${what}: rate`, unit: 'per s', rounds: rounds(it => it.perSecond) })
        )
      }
    }
    return results
  } finally {
    for (const each of started) await each.stop()
  }
}

async function sample(
  world: World,
  { service, tokens }: Side,
  drive: Drive,
  clients: number,
  { seconds }: Effort
): Promise<Sample> {
  const before = { process: (await service.usage()).cpuMicros, database: await databaseCpu(world) }
  const { requests, perSecond }: Measured = await drive(service, tokens, { clients, seconds })
  const process = (await service.usage()).cpuMicros - before.process
  const database = (await databaseCpu(world)) - before.database
  return { perSecond, process: process / 1000 / requests, database: database / requests }
}
