import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { openEmbedded } from '../src/base/database/embedded.js'
import { packageRoot } from '../src/base/package-root.js'
import { drive, wire } from './load.js'

export const password = 'a gigantic purple hat'
export const poolSize = 16

/** What a measured process has used so far. */
export type Usage = {
  readonly cpuMicros: number
  /** CPU of the main thread; null where the system does not count threads. */
  readonly mainMicros: number | null
  readonly rss: number
  readonly counts: Readonly<Record<string, number>>
  /** The last call of each named statement. */
  readonly last: Readonly<Record<string, { readonly text: string; readonly values: unknown[] }>>
}

export type Measurable = {
  readonly port: number
  /** From the start of the process to its first answer. */
  readonly startMs: number
  usage(): Promise<Usage>
  stop(): Promise<void>
}

const settings = {
  SECRET_KEY: 'kP3vXq8ZrT1mNcW7yBdH5sLfJ0aGuE2oRiYtQxVz4K6=',
  PUBLIC_URL: 'http://localhost',
  EMAIL_DISABLED: 'true',
  // With a grace, refreshes of one session that follow at once are answered without a rotation.
  REFRESH_REUSE_GRACE_SECONDS: '0'
}

// Limits are high instead of off: counting is part of what is measured.
const plenty = Object.fromEntries(
  [
    'RATE_LIMIT_LOGIN',
    'RATE_LIMIT_REFRESH',
    'RATE_LIMIT_REGISTRATION',
    'RATE_LIMIT_DEFAULT',
    'LOGIN_FAILURES_PER_ACCOUNT',
    'LOGIN_FAILURES_PER_NETWORK',
    'LOGIN_FAILURES_PER_PAIR'
  ].map(name => [name, '999999/min'])
)

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  await new Promise(resolve => server.close(resolve))
  return port
}

const { scripts } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'))
const startFlags = scripts.start.split(' ').filter((word: string) => word.startsWith('--'))

// BENCH_PROFILE=folder keeps a CPU profile of every child.
const folder = process.env.BENCH_PROFILE
const profiling = folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`]

/** A child in an environment of its own. Its log goes nowhere, but it is written. */
function forkScript(script: string, env: NodeJS.ProcessEnv, execArgv: readonly string[] = []) {
  return fork(join(packageRoot, script), [], {
    env: { NODE_ENV: 'production', ...env },
    execArgv: [...execArgv, ...profiling],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc']
  })
}

/** A child that says `ready`, and answers each message with one. */
export async function forkFloor<Reply>(script: string, env: NodeJS.ProcessEnv = {}) {
  const child = forkScript(script, env)
  const failed = failure(child, script)
  const answer = async () => (await Promise.race([once(child, 'message'), failed]))[0]
  await answer()
  return {
    ask: async (message: object): Promise<Reply> => {
      child.send(message)
      return answer()
    },
    stop: () => stop(child)
  }
}

/** Rejects when the child ends although nobody asked it to. */
function failure(child: ChildProcess, script: string): Promise<never> {
  const failed = new Promise<never>((_, reject) => {
    child.once('exit', (code, signal) => {
      if (signal !== 'SIGTERM' && code !== 0) reject(new Error(`${script} exited with ${code}`))
    })
  })
  failed.catch(() => {}) // it may come when nobody waits
  return failed
}

async function stop(child: ChildProcess) {
  if (child.exitCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}

/** Somebody else may take a free port before the child does; then with another. */
async function serve(script: string, env: NodeJS.ProcessEnv): Promise<Measurable> {
  try {
    return await serveOnce(script, env)
  } catch {
    return serveOnce(script, env)
  }
}

async function serveOnce(script: string, env: NodeJS.ProcessEnv): Promise<Measurable> {
  const port = await freePort()
  const began = performance.now()
  const probe = ['--import', join(packageRoot, 'bench/probe.js')]
  // The floors run with the flags of `npm start` too.
  const child = forkScript(script, { ...env, PORT: String(port) }, [...startFlags, ...probe])
  await Promise.race([untilReady(port), failure(child, script)])
  const startMs = performance.now() - began
  return {
    port,
    startMs,
    usage: async () => {
      child.send('usage')
      return (await once(child, 'message'))[0] as Usage
    },
    stop: () => stop(child)
  }
}

async function untilReady(port: number) {
  for (;;) {
    const request = () => wire('GET', '/health/ready')
    const answered = await drive({ port, clients: 1, count: 1, request }).catch(() => null)
    if (answered !== null) return
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

/** A database, and what starts services and floors over it. */
export type Place = Awaited<ReturnType<typeof createPlace>>

/** {@link Place} for all scenarios, and further ones for those that need their own. */
export type World = Place & {
  createDatabase(name: string): Promise<Place>
  close(): Promise<void>
}

export async function openWorld(): Promise<World> {
  const server = await openServer()
  const createDatabase = (name: string) =>
    createPlace(server.url, `postern_bench_${process.pid}_${name}`)
  const place = await createDatabase('main')
  return {
    ...place,
    createDatabase,
    close: async () => {
      await place.drop()
      await server.close()
    }
  }
}

async function createPlace(serverUrl: string, name: string) {
  await query(serverUrl, `CREATE DATABASE ${name}`)
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  const databaseUrl = String(url)
  return {
    databaseUrl,
    startService: (env: NodeJS.ProcessEnv = {}) =>
      serve('dist/server.js', {
        ...settings,
        ...plenty,
        DATABASE_URL: databaseUrl,
        DATABASE_POOL_SIZE: String(poolSize),
        MIGRATE_ON_START: 'true',
        ...env
      }),
    startHttpFloor: (env: { WORK?: string; CACHE?: 'true' } = {}) =>
      serve('bench/floors/http.js', {
        DATABASE_URL: databaseUrl,
        DATABASE_POOL_SIZE: String(poolSize),
        ...env
      }),
    query: (text: string, values: unknown[] = []) => query(databaseUrl, text, values),
    drop: async () => {
      await query(serverUrl, `DROP DATABASE ${name} WITH (FORCE)`)
    }
  }
}

async function openServer(): Promise<{ url: string; close(): Promise<void> }> {
  const url = process.env.BENCH_DATABASE_URL
  if (url !== undefined) return { url, close: async () => {} }
  const dataDir = await mkdtemp(join(tmpdir(), 'postern-bench-'))
  const embedded = await openEmbedded({ dataDir, onProgress: line => console.error(line) })
  return {
    url: embedded.url,
    close: async () => {
      await embedded.close()
      await rm(dataDir, { recursive: true, force: true })
    }
  }
}

async function query(url: string, text: string, values: unknown[] = []) {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text, values)).rows
  } finally {
    await client.end()
  }
}
