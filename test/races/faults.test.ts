// Faults under a bounded load, as the table of docs/operations.md has them. Every answer meanwhile is a
// success or 503, every session goes on, and what was acknowledged is there afterwards.
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { migrate } from '../../src/base/database/migrate.js'
import { pingRedis } from '../../src/limits/redis-counter.js'
import { startApp, startAppOn, type TestApp } from '../support/app.js'
import { atEnd } from '../support/at-end.js'
import { type Cluster, noCluster, startCluster, startStandby } from '../support/cluster.js'
import { freePort } from '../support/free-port.js'
import { startLoad } from '../support/load.js'
import { newMember, refresh } from '../support/people.js'
import { startProxy } from '../support/proxy.js'
import { atOnce, races, until } from '../support/until.js'

const settings = {
  DATABASE_POOL_SIZE: '4',
  DATABASE_STATEMENT_TIMEOUT: '2s',
  REFRESH_REUSE_GRACE_SECONDS: '300'
}

const isReady = async (service: TestApp) =>
  (await service.inject({ method: 'GET', url: '/health/ready' })).statusCode === 200
const becomesReady = (service: TestApp) => until('it is ready again', () => isReady(service))
const stopsBeingReady = (service: TestApp) =>
  until('it is not ready', async () => !(await isReady(service)))

/** A service over a cluster of its own and a wire, and some people who use it. */
async function startWorld(t: TestContext, cluster: Cluster) {
  await migrate({ url: cluster.url })
  const wire = await startProxy(t, cluster.url)
  const service = await startAppOn(t, wire.url, settings)
  const members = await atOnce(4, () => newMember(service))
  const clients = members.map(({ client }) => client)
  /** Lets a fault happen under load, and mends it. */
  async function survive(
    fail: () => Promise<unknown>,
    mend: () => Promise<unknown>,
    inspected: Cluster = cluster
  ) {
    const load = startLoad(service, clients)
    try {
      await load.each('done', 2)
      await fail()
      await mend()
      await load.each('done', 2)
    } finally {
      await load.stop()
    }
    await becomesReady(service)
    const query = async (text: string) => (await inspected.query(text)).rows
    await load.assertNothingLost({ query })
    return load
  }
  return { wire, service, clients, survive }
}

const skip = noCluster

test('FLT-30 whatever befalls the database, nobody loses what was acknowledged', {
  skip
}, async t => {
  const cluster = await startCluster(t)
  const { service, wire, survive } = await startWorld(t, cluster)
  const refuses = () => stopsBeingReady(service)

  await t.test('it restarts', async () => {
    await survive(
      () => cluster.run('pg_ctl', 'stop', '-D', cluster.directory, '-m', 'fast').then(refuses),
      () => cluster.start()
    )
  })
  await t.test('it crashes', async () => {
    await survive(
      () => cluster.crash().then(refuses),
      () => cluster.start()
    )
  })
  await t.test('it hangs', async () => {
    let stopped: number[] = []
    const load = await survive(
      async () => {
        stopped = await processesOf(cluster)
        for (const pid of stopped) process.kill(pid, 'SIGSTOP')
        await refuses()
        await pause(races(2) * 1000)
      },
      async () => {
        for (const pid of stopped) process.kill(pid, 'SIGCONT')
      }
    )
    assert.ok(load.refused() > 0)
  })
  await t.test('somebody ends its connections, again and again', async () => {
    await survive(async () => {
      for (let time = 0; time < races(10); time++) {
        await endConnections(cluster)
        await pause(50)
      }
    }, doNothing)
  })
  await t.test('it is read-only', async () => {
    await survive(
      () => setReadOnly(cluster, 'on').then(refuses),
      () => setReadOnly(cluster, 'off')
    )
  })
  await t.test('others take all its connections', async () => {
    let others: pg.Client[] = []
    await survive(
      async () => {
        others = await takeConnections(cluster)
        await refuses()
      },
      () => Promise.all(others.map(other => other.end()))
    )
  })
  await t.test('a standby takes over', async inner => {
    const standby = await startStandby(inner, cluster)
    await cluster.query(`ALTER SYSTEM SET synchronous_standby_names = '*'`)
    await cluster.query('SELECT pg_reload_conf()')
    await until('the standby is waited for', async () => {
      const { rows } = await cluster.query(
        `SELECT FROM pg_stat_replication WHERE sync_state = 'sync'`
      )
      return rows.length === 1
    })
    await survive(
      async () => {
        await cluster.crash()
        await refuses()
        await standby.run('pg_ctl', 'promote', '-w', '-D', standby.directory)
        wire.leadTo(standby.port)
      },
      async () => {
        await standby.query('ALTER SYSTEM RESET synchronous_standby_names')
        await standby.query('SELECT pg_reload_conf()')
      },
      standby
    )
  })
})

const doNothing = async () => undefined

/** The server and its backends. */
async function processesOf({ directory }: Cluster): Promise<number[]> {
  const [server] = (await readFile(join(directory, 'postmaster.pid'), 'utf8')).split('\n')
  const backends = execFileSync('ps', ['-o', 'pid=', '--ppid', String(server)], {
    encoding: 'utf8'
  })
  return [String(server), ...backends.trim().split(/\s+/)].map(Number)
}

const endConnections = (cluster: Cluster) =>
  cluster.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'postern'`
  )

async function setReadOnly(cluster: Cluster, value: 'on' | 'off') {
  await cluster.query(`ALTER SYSTEM SET default_transaction_read_only = ${value}`)
  await cluster.query('SELECT pg_reload_conf()')
}

/** Takes every connection that is free, and those of the service as soon as they are. */
async function takeConnections(cluster: Cluster): Promise<pg.Client[]> {
  const taken: pg.Client[] = []
  const takeOne = async () => {
    const client = new pg.Client(cluster.url)
    client.on('error', () => undefined)
    await client.connect()
    taken.push(client)
  }
  const takeAll = async () => {
    while ((await Promise.allSettled(Array.from({ length: 10 }, takeOne))).some(isDone));
  }
  await takeAll()
  for (let round = 0; round < 20; round++) {
    const [first] = taken as [pg.Client]
    const { rowCount } = await first.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'postern'`
    )
    if (rowCount === 0) break
    await takeAll()
  }
  return taken
}

const isDone = ({ status }: PromiseSettledResult<unknown>) => status === 'fulfilled'

const mayMount = process.getuid?.() === 0 && process.platform === 'linux'

test('FLT-30 a disk that is really full loses nothing', {
  skip: noCluster || (mayMount ? false : 'a small disk can only be mounted by root')
}, async t => {
  const cluster = await startCluster(t, '', { disk: '160m' })
  const { service, survive } = await startWorld(t, cluster)
  const filler = join(cluster.directory, '..', 'filler')
  const load = await survive(
    async () => {
      await fillUp(filler)
      await stopsBeingReady(service)
    },
    async () => {
      await rm(filler)
      // Without room for its log PostgreSQL stops; whoever watches over it starts it again.
      await cluster.start().catch(() => undefined)
    }
  )
  assert.ok(load.refused() > 0)
})

async function fillUp(file: string): Promise<void> {
  for (const size of [1 << 20, 1 << 12]) {
    const block = Buffer.alloc(size)
    try {
      for (;;) await writeFile(file, block, { flag: 'a' })
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC')
    }
  }
}

const redisServer = '/usr/bin/redis-server'

test('FLT-31 Redis that freezes, dies and comes back costs nobody a session', {
  skip: existsSync(redisServer) ? false : 'redis-server is not installed'
}, async t => {
  const port = await freePort()
  const url = `redis://127.0.0.1:${port}`
  const start = async () => {
    const args = ['--port', String(port), '--save', '', '--bind', '127.0.0.1']
    const redis = spawn(redisServer, args, { stdio: 'ignore' })
    atEnd(t, () => redis.kill('SIGKILL'))
    const answers = () =>
      pingRedis(url).then(
        () => true,
        () => false
      )
    await until('Redis answers', answers)
    return redis
  }
  const redis = await start()
  const limits = { RATE_LIMIT_ENABLED: 'true', RATE_LIMIT_REFRESH: '100000/min' }
  const more = { RATE_LIMIT_REGISTRATION: '100000/min', RATE_LIMIT_LOGIN: '100000/min' }
  const service = await startApp(t, { ...settings, ...limits, ...more, REDIS_URL: url })
  const members = await atOnce(4, () => newMember(service))
  const load = startLoad(
    service,
    members.map(({ client }) => client)
  )
  await load.each('done', 2)
  redis.kill('SIGSTOP')
  await load.each('done', 5)
  redis.kill('SIGCONT')
  await load.each('done', 2)
  redis.kill('SIGKILL')
  await load.each('done', 5)
  await start()
  await load.each('done', 2)
  await load.stop()
  assert.equal(load.refused(), 0)
  await load.assertNothingLost(service)
})

test('FLT-33 an instance whose clock is an hour off is not ready, and the others are', async t => {
  const right = await startApp(t)
  const { client } = await newMember(right)
  for (const hours of [1, -1]) {
    const wrong = await startAppOn(t, right.databaseUrl, {}, { clockAhead: hours * 3600 })
    assert.equal(await isReady(wrong), false)
    assert.equal(wrong.logs.filter(line => /clocks .* differ/.test(line)).length, 1)
    assert.equal(await isReady(right), true)
  }
  const nearly = await startAppOn(t, right.databaseUrl, {}, { clockAhead: 55 })
  assert.equal(await isReady(nearly), true)
  assert.equal((await refresh(client)).statusCode, 200)
})
