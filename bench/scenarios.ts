import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { availableParallelism } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { createVerifier } from 'fast-jwt'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { SMTPServer } from 'smtp-server'
import { createVerifier as createTokenVerifier } from '../src/kit/verify/verify.js'
import { accessTokenJws, publicJwk } from '../src/tokens/keys/key-pair.js'
import { drive, type Measured, wire } from './load.js'
import {
  createPeople,
  driveRefresh,
  driveUser,
  importPeople,
  loginRequest,
  registrationRequest,
  signIn,
  type Tokens
} from './people.js'
import { judge, type Result, type Round } from './report.js'
import { forkFloor, type Measurable, type Usage, type World } from './world.js'

/** How long to look. */
export type Effort = {
  readonly rounds: number
  readonly seconds: number
  readonly logins: number
  readonly requests: number
  readonly probes: number
  /** Requests before the first measurement: cold code costs ten times as much as compiled code. */
  readonly warmUp: number
  /** Numbers of people whose costs are compared. */
  readonly sizes: readonly number[]
}

export type Scenario = (world: World, effort: Effort) => Promise<Result[]>

/** The service at its default log level, and with people signed in. */
async function withService<T>(
  world: World,
  people: number,
  work: (service: Measurable, tokens: Tokens[]) => Promise<T>,
  env: NodeJS.ProcessEnv = {}
): Promise<T> {
  const service = await world.startService(env)
  try {
    return await work(service, await signIn(service, people))
  } finally {
    await service.stop()
  }
}

async function rounds(effort: Effort, round: () => Promise<Round>): Promise<Round[]> {
  const all: Round[] = []
  await round() // warms both sides up
  for (let i = 0; i < effort.rounds; i++) all.push(await round())
  return all
}

/** How much of a sign-in's CPU is the hash that it has to compute. */
export const login: Scenario = async (world, effort) => {
  const floor = await forkFloor<{ cpuMicros: number }>('bench/floors/argon2.js')
  const concurrency = availableParallelism()
  return withService(world, 1, async service => {
    const all = await rounds(effort, async () => {
      const raw = await floor.ask({ count: effort.logins, concurrency })
      const before = await service.usage()
      let person = 0
      const request = () => loginRequest(person++ % 64)
      await drive({ port: service.port, clients: 16, count: effort.logins, request })
      const after = await service.usage()
      return {
        floor: raw.cpuMicros / 1000,
        ours: (after.cpuMicros - before.cpuMicros) / effort.logins / 1000
      }
    })
    await floor.stop()
    return [
      judge({
        name: 'sign-in, 16 clients: share of the hash',
        unit: 'CPU ms',
        rounds: all,
        share: true,
        atLeast: 0.85
      })
    ]
  })
}

/**
 * What a sign-up whose address is to be confirmed takes of the main thread, with the sending of its mail. Other
 * threads compute the hash and estimate the password: the floor is the whole process.
 */
export const registration: Scenario = async (world, effort) => {
  let received = 0
  const mailbox = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData: (stream, _session, done) =>
      stream.resume().once('end', () => {
        received++
        done()
      })
  })
  const server = mailbox.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const mails = {
    EMAIL_DISABLED: 'false',
    EMAIL_VERIFICATION: 'mandatory',
    EMAIL_HOST: '127.0.0.1',
    EMAIL_PORT: String((server.address() as AddressInfo).port),
    DEFAULT_FROM_EMAIL: 'postern@example.test',
    MAILS_PER_NETWORK: '999999/h',
    MAILS_OVER_ALL: '999999/h'
  }
  let person = 0
  const request = () => registrationRequest(`new-${person++}`)
  try {
    return await withService(
      world,
      1,
      async service => {
        const all = await rounds(effort, async () => {
          const before = await service.usage()
          await drive({ port: service.port, clients: 16, count: effort.logins, request })
          // Mails leave after their sign-ups.
          for (let waited = 0; received < person && waited < 30; waited++) await setTimeout(1000)
          if (received < person) throw new Error(`Of ${person} mails ${received} came.`)
          const after = await service.usage()
          const each = (used: (usage: Usage) => number) =>
            (used(after) - used(before)) / effort.logins / 1000
          return { floor: each(it => it.cpuMicros), ours: each(it => it.mainMicros ?? Number.NaN) }
        })
        const name = 'sign-up with its mail, 16 clients: main thread of the process'
        return [judge({ name, unit: 'CPU ms', rounds: all, most: 2.5 })]
      },
      mails
    )
  } finally {
    mailbox.close()
  }
}

/** What our checks add to the verification of a signature, in this process. */
export const verify: Scenario = async (_world, effort) => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const ours = accessTokenJws(privateKey, publicJwk(privateKey, 'ES256'))
  const token = ours.sign({ sub: 'somebody', exp: 2e9, iat: 1 })
  const key = String(publicKey.export({ type: 'spki', format: 'pem' }))
  const alone = createVerifier({ key, algorithms: ['ES256'], cache: false })
  const perSecond = (work: () => unknown) => {
    const ends = performance.now() + effort.seconds * 250
    const began = performance.now()
    let n = 0
    while (performance.now() < ends) {
      for (let i = 0; i < 50; i++) work()
      n += 50
    }
    return (n * 1000) / (performance.now() - began)
  }
  const all = await rounds({ ...effort, rounds: effort.rounds * 2 }, async () => ({
    floor: perSecond(() => alone(token)),
    ours: perSecond(() => ours.verify(token))
  }))
  return [judge({ name: 'verify one access token', unit: 'per s', rounds: all, atLeast: 0.9 })]
}

/** With the usual number of sessions those of the probes would be the oldest, and end. */
const longQueue = { HASH_QUEUE_LIMIT: '1000', MAX_SESSIONS_PER_USER: '1000' }

/** What somebody asks while a crowd signs in. */
async function probesOf(service: Measurable, tokens: Tokens[], effort: Effort) {
  await driveUser(service, tokens, { clients: 64, count: effort.warmUp })
  await driveRefresh(service, tokens, { clients: 64, count: effort.warmUp })
  const own = tokens.slice(0, 1) // only now: each refresh leaves another one
  const { port } = service
  const one = { clients: 1, count: effort.probes }
  return {
    'POST /refresh/': () => driveRefresh(service, own, one),
    'GET /user/': () => driveUser(service, own, one),
    'GET /health/live': () => drive({ port, ...one, request: () => wire('GET', '/health/live') })
  }
}

/** What `postern/verify` adds to the library that it uses, in this process. */
export const verifier: Scenario = async (_world, effort) => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = publicJwk(privateKey, 'ES256')
  const server = createServer((_request, response) =>
    response.end(JSON.stringify({ keys: [jwk] }))
  ).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const jwksUri = `${issuer}/.well-known/jwks.json`
  const claims = { iss: issuer, aud: issuer, token_type: 'access', sub: 'somebody', sid: 'here' }
  const token = accessTokenJws(privateKey, jwk).sign({ ...claims, exp: 2e9, iat: 1 })
  const { verify: ours } = createTokenVerifier({ issuer })
  const keys = createRemoteJWKSet(new URL(jwksUri))
  const demands = { algorithms: ['ES256'], typ: 'at+jwt', issuer, audience: issuer }
  const perSecond = async (work: () => Promise<unknown>) => {
    const ends = performance.now() + effort.seconds * 250
    const began = performance.now()
    let n = 0
    while (performance.now() < ends) {
      await Promise.all(Array.from({ length: 64 }, work))
      n += 64
    }
    return (n * 1000) / (performance.now() - began)
  }
  const all = await rounds({ ...effort, rounds: effort.rounds * 2 }, async () => ({
    floor: await perSecond(() => jwtVerify(token, keys, demands)),
    ours: await perSecond(() => ours(token))
  }))
  server.close()
  return [judge({ name: 'postern/verify, 64 at once', unit: 'per s', rounds: all, atLeast: 0.9 })]
}

/** What everybody else notices of a queue of sign-ins. */
export const queued: Scenario = async (world, effort) =>
  withService(
    world,
    64,
    async (service, tokens) => {
      const probes = await probesOf(service, tokens, effort)
      const results: Result[] = []
      for (const [name, probe] of Object.entries(probes)) {
        const all = await rounds({ ...effort, rounds: 3 }, async () => {
          const idle = await probe()
          let person = 0
          const crowd = drive({
            port: service.port,
            clients: 500,
            count: 500,
            request: () => loginRequest(person++ % 64)
          })
          const busy = await probe()
          await crowd
          return { floor: idle.p99, ours: busy.p99 }
        })
        results.push(
          judge({ name: `${name}, 500 sign-ins queued`, unit: 'p99 ms', rounds: all, atMost: 3 })
        )
      }
      return results
    },
    longQueue
  )

/** The same while people sign in whose hashes are Django's and cost a million iterations each. */
export const imported: Scenario = async (world, effort) => {
  const people = 200
  await importPeople(world, people, 1_000_000)
  return withService(
    world,
    64,
    async (service, tokens) => {
      const probes: [string, () => Promise<Measured>][] = Object.entries(
        await probesOf(service, tokens, effort)
      )
      const found = new Map<string, Round[]>(probes.map(([name]) => [name, []]))
      for (let round = 0; round < Math.min(2, effort.rounds); round++) {
        // Who signed in has a hash of ours since.
        await importPeople(world, people, 1_000_000)
        const idle = new Map<string, number>()
        for (const [name, probe] of probes) idle.set(name, (await probe()).p99)
        let person = 0
        let isOver = false
        const crowd = drive({
          port: service.port,
          clients: people,
          count: people,
          request: () => loginRequest(person++, 'imported')
        }).finally(() => {
          isOver = true
        })
        for (const [name, probe] of probes) {
          const busy = await probe()
          if (isOver) throw new Error(`The sign-ins were over before ${name} was measured.`)
          found.get(name)?.push({ floor: idle.get(name) as number, ours: busy.p99 })
        }
        await crowd
      }
      return Array.from(found, ([name, all]) =>
        judge({
          name: `${name}, 200 sign-ins against PBKDF2 queued`,
          unit: 'p99 ms',
          rounds: all,
          atMost: 3
        })
      )
    },
    longQueue
  ).finally(() => world.query('DELETE FROM "PasswordScheme"'))
}

/** Statements that one request runs, by the driver's own count. */
export const statements: Scenario = async world =>
  withService(
    world,
    16,
    async (service, tokens) => {
      // Each connection sets itself up with a statement of its own.
      await driveUser(service, tokens, { clients: 16, count: 500 })
      const runs = 20
      let person = 0
      const counted = async (work: () => Promise<unknown>) => {
        const before = (await service.usage()).counts
        await work()
        const after = (await service.usage()).counts
        const names = Object.keys(after).filter(name => name !== 'count-requests')
        return names.reduce((sum, name) => sum + (after[name] ?? 0) - (before[name] ?? 0), 0) / runs
      }
      const one = { clients: 1, count: runs }
      const own = tokens.slice(0, 1)
      const found: [string, number, number][] = [
        ['refresh', 1, await counted(() => driveRefresh(service, own, one))],
        ['GET /user/', 1, await counted(() => driveUser(service, own, one))],
        [
          'sign-in',
          2,
          await counted(() =>
            drive({ port: service.port, ...one, request: () => loginRequest(person++) })
          )
        ]
      ]
      return found.map(([name, wanted, ours]) => ({
        name: `statements of one ${name}`,
        unit: 'count',
        floor: wanted,
        ours,
        ratio: ours / wanted,
        target: `${wanted}`,
        ok: ours === wanted
      }))
    },
    { BENCH_COUNT_STATEMENTS: 'true' }
  )

/** From the start of the process to the first answer of `/health/ready`. */
export const start: Scenario = async (world, effort) => {
  const all = await rounds(effort, async () => {
    const bare = await world.startHttpFloor()
    await bare.stop()
    const service = await world.startService()
    await service.stop()
    return { floor: bare.startMs, ours: service.startMs }
  })
  return [judge({ name: 'ready after start', unit: 'ms', rounds: all, atMost: 4 })]
}

/** Resident memory at the start, and after many requests, sign-ins among them. MB are millions of bytes. */
export const memory: Scenario = async (world, effort) => {
  const usedBy = async (each: Measurable) => (await each.usage()).rss / 1e6
  const bare = await world.startHttpFloor()
  const bareAtStart = await usedBy(bare)
  const request = () => wire('GET', '/health/ready')
  await drive({ port: bare.port, clients: 64, count: effort.requests, request })
  const bareAfter = await usedBy(bare)
  await bare.stop()
  const service = await world.startService()
  try {
    const atStart = await usedBy(service)
    const tokens = await signIn(service, 64)
    await driveUser(service, tokens, { clients: 64, count: effort.requests / 2 })
    await driveRefresh(service, tokens, { clients: 64, count: effort.requests / 2 })
    const after = await usedBy(service)
    const judged = (when: string, round: Round, most: number) =>
      judge({ name: `resident memory ${when}`, unit: 'MB', rounds: [round], most })
    return [
      judged('at the start', { floor: bareAtStart, ours: atStart }, 140),
      judged(`after ${effort.requests} requests`, { floor: bareAfter, ours: after }, 200)
    ]
  } finally {
    await service.stop()
  }
}

export const preparePeople = (world: World) => createPeople(world, 64)
