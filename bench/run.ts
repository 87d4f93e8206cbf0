import { parseArgs } from 'node:util'
import { against } from './against.js'
import { cost } from './cost.js'
import { growth } from './growth.js'
import { compare, type Result, save, table } from './report.js'
import type { Effort, Scenario } from './scenarios.js'
import * as scenarios from './scenarios.js'
import { refresh, user } from './side-by-side.js'
import { openWorld } from './world.js'

// npm run bench -- [--quick] [--only=refresh,user] [--rounds=5] [--seconds=4] [--requests=100000] [--people=1000,100000]
// npm run bench -- --against=http://host:port/base --email=… --password=… [--pids=1,2]
// npm run bench -- --compare BEFORE.json AFTER.json
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    against: { type: 'string' },
    email: { type: 'string', default: '' },
    password: { type: 'string', default: '' },
    pids: { type: 'string' },
    compare: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    requests: { type: 'string' },
    people: { type: 'string' }
  }
})

if (values.compare) {
  const [before, after] = positionals
  if (before === undefined || after === undefined) throw new Error('--compare needs two files.')
  console.log(compare(before, after))
  process.exit()
}

const { login, registration, verify, verifier, queued, imported, statements, start, memory } =
  scenarios
const all: Record<string, Scenario> = {
  verify,
  verifier,
  statements,
  start,
  login,
  registration,
  user,
  refresh,
  queued,
  imported,
  memory,
  growth,
  cost
}

const usual: Effort = values.quick
  ? {
      rounds: 2,
      seconds: 1,
      logins: 100,
      requests: 5000,
      probes: 200,
      warmUp: 2000,
      sizes: [1000, 20_000]
    }
  : {
      rounds: 5,
      seconds: 4,
      logins: 400,
      requests: 100_000,
      probes: 1000,
      warmUp: 10_000,
      sizes: [1000, 100_000, 1_000_000]
    }
const effort: Effort = {
  ...usual,
  rounds: Number(values.rounds ?? usual.rounds),
  seconds: Number(values.seconds ?? usual.seconds),
  requests: Number(values.requests ?? usual.requests),
  sizes: values.people?.split(',').map(Number) ?? usual.sizes
}

const results =
  values.against === undefined
    ? await measureAll()
    : await against(targetOf(values.against), effort)
console.log(table(results))
console.error(`\nKept in ${save(results, values.quick)}`)
if (!results.every(({ ok }) => ok)) process.exitCode = 1
// A scenario that failed may have left a process that measures.
process.exit()

function targetOf(url: string) {
  const { email, password, pids } = values
  return { url, email, password, pids: pids?.split(',').map(Number) ?? [] }
}

async function measureAll(): Promise<Result[]> {
  const names = values.only?.split(',') ?? Object.keys(all)
  const unknown = names.filter(name => all[name] === undefined)
  if (unknown.length > 0) throw new Error(`There is no scenario ${unknown.join(', ')}.`)
  const found: Result[] = []
  const world = await openWorld()
  try {
    await (await world.startService()).stop() // migrates
    await scenarios.preparePeople(world)
    for (const name of names) {
      console.error(`measuring ${name} …`)
      try {
        found.push(...(await (all[name] as Scenario)(world, effort)))
      } catch (error) {
        // One that fails must not cost the others; it fails the run.
        console.error(error)
        process.exitCode = 1
      }
    }
  } finally {
    await world.close()
  }
  return found
}
