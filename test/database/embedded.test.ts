import assert from 'node:assert/strict'
import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  writeFile
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import {
  EmbeddedDatabaseError,
  embeddedStatus,
  openEmbedded
} from '../../src/base/database/embedded.js'
import { atEnd, removeDataDirectory } from '../support/at-end.js'
import { entry } from '../support/entry.js'

const isRoot = process.getuid?.() === 0
const needsRoot = isRoot ? false : 'only root has to run the server as somebody else'
const someUser = { uid: 65534, gid: 65534 }

/** A directory that the server's user can reach, also when that is not us. */
async function temporaryDirectory(t: TestContext, mode = 0o711): Promise<string> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'postern-embedded-')))
  await chmod(dir, mode)
  atEnd(t, async () => {
    const elsewhere = await realpath(join(dir, 'data', 'postgres')).catch(() => dir)
    await removeDataDirectory(dir)
    await removeDataDirectory(elsewhere)
  })
  return dir
}

let prepared: Promise<string> | undefined
after(async () => prepared && rm(dirname(await prepared), { recursive: true }))

/** A database that was created and stopped before. Creating one takes seconds, a copy none. */
async function preparedDirectory(t: TestContext): Promise<string> {
  prepared ??= prepare()
  const dir = await temporaryDirectory(t)
  await promisify(execFile)('cp', ['-Rp', await prepared, dir])
  return join(dir, 'data')
}

async function prepare(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'postern-embedded-'))
  await chmod(dir, 0o711)
  const dataDir = join(dir, 'data')
  await (await openEmbedded({ dataDir, onProgress: () => undefined })).close()
  return dataDir
}

async function open(t: TestContext, dataDir: string, options: { loopback?: boolean } = {}) {
  const messages: string[] = []
  const onProgress = (message: string) => messages.push(message)
  const server = await openEmbedded({ dataDir, onProgress, ...options })
  atEnd(t, () => server.close())
  return { ...server, messages, query: (sql: string) => query(server.url, sql) }
}

async function query(url: string, sql: string) {
  const client = new pg.Client(url)
  client.on('error', () => undefined)
  await client.connect()
  return client
    .query(sql)
    .then(({ rows }) => rows)
    .finally(() => client.end())
}

type Said = { url?: string; error?: string; last?: string }

/** Another process that opens the database; `said` is what it tells first. */
async function startOwner(t: TestContext, dataDir: string, options: SpawnOptions = {}) {
  const args = [entry('test/support/embedded-owner.js'), dataDir]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], ...options })
  atEnd(t, () => end(child, 'SIGTERM'))
  assert.ok(child.stdout)
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const next = async (): Promise<Said> => JSON.parse((await lines.next()).value ?? '{}')
  return { child, pid: child.pid ?? 0, next, said: await next() }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill(signal)
  await once(child, 'exit')
}

/** Looks until it is so; what never becomes so ends with the test's time. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await pause(10)
}

async function postmasterPid(dataDir: string): Promise<number> {
  const file = join(dataDir, 'postgres', 'cluster', 'postmaster.pid')
  return Number.parseInt(await readFile(file, 'utf8'), 10)
}

/** The command lines of all processes. One that ended and was not yet collected has none. */
async function processes(): Promise<Map<number, string>> {
  const all = new Map<number, string>()
  if (process.platform === 'linux') {
    for (const pid of (await readdir('/proc')).map(Number).filter(Number.isInteger)) {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      if (command !== '') all.set(pid, command.replaceAll('\0', ' ').trim())
    }
    return all
  }
  const { stdout } = await promisify(execFile)('ps', ['-axww', '-o', 'pid=,command='])
  for (const [, pid, command] of stdout.matchAll(/^\s*(\d+) (.*)$/gm)) {
    if (!command?.includes('<defunct>')) all.set(Number(pid), command ?? '')
  }
  return all
}

const isRunning = async (pid: number) => (await processes()).has(pid)

const failsWith = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof EmbeddedDatabaseError)
  assert.match(error.message, pattern)
  return true
}

const bounded = { timeout: 120_000 }

test(
  'the first start creates a database, later ones find it, a stop leaves no process',
  bounded,
  async t => {
    const dataDir = join(await temporaryDirectory(t), 'data')
    assert.deepEqual(await embeddedStatus(dataDir), { state: 'absent' })

    const first = await open(t, dataDir)
    assert.deepEqual(first.messages, [`Creating a database in ${dataDir} (first start only) …`])
    assert.deepEqual(await embeddedStatus(dataDir), {
      state: 'running',
      pid: process.pid,
      url: first.url
    })
    await first.query('CREATE TABLE kept AS SELECT 1 AS one')
    const postmaster = await postmasterPid(dataDir)
    await first.close()
    assert.equal(await isRunning(postmaster), false)
    assert.deepEqual(await embeddedStatus(dataDir), { state: 'stopped' })

    const second = await open(t, dataDir)
    assert.deepEqual(second.messages, [])
    assert.deepEqual(await second.query('SELECT one FROM kept'), [{ one: 1 }])
  }
)

test(
  'the service is no superuser, the server keeps what it acknowledged and hears no network',
  bounded,
  async t => {
    const server = await open(t, await preparedDirectory(t))
    const [row] = await server.query(`
    SELECT rolsuper, current_setting('fsync') AS fsync, current_setting('listen_addresses') AS addresses,
           pg_encoding_to_char(encoding) AS encoding, datcollate AS collation
      FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()`)
    assert.deepEqual(row, {
      rolsuper: false,
      fsync: 'on',
      addresses: '',
      encoding: 'UTF8',
      collation: 'C'
    })
  }
)

test(
  'a second service on the same directory is told which process has it, and since when',
  bounded,
  async t => {
    const dataDir = await preparedDirectory(t)
    const owner = await startOwner(t, dataDir)
    await assert.rejects(
      open(t, dataDir),
      failsWith(new RegExp(`process ${owner.pid} .*since \\d{4}-`))
    )
    assert.deepEqual(await query(owner.said.url ?? '', 'SELECT 1 AS one'), [{ one: 1 }])
  }
)

test(
  'of services started at once on an empty directory one gets it, the others its number',
  bounded,
  async t => {
    const dataDir = join(await temporaryDirectory(t), 'data')
    const all = await Promise.all([1, 2, 3].map(() => startOwner(t, dataDir)))
    const winners = all.filter(({ said }) => said.url !== undefined)
    assert.equal(winners.length, 1, JSON.stringify(all.map(({ said }) => said)))
    for (const { said } of all.filter(({ said }) => said.url === undefined)) {
      assert.match(said.error ?? '', new RegExp(`process ${winners[0]?.pid} `))
    }
  }
)

test(
  'a killed service takes its server along, and the next start finds every acknowledged row',
  bounded,
  async t => {
    const dataDir = await preparedDirectory(t)
    const owner = await startOwner(t, dataDir)
    await query(owner.said.url ?? '', 'CREATE TABLE kept AS SELECT 1 AS one')
    const postmaster = await postmasterPid(dataDir)
    await end(owner.child, 'SIGKILL')
    await until(async () => !(await isRunning(postmaster)))
    assert.deepEqual(await (await open(t, dataDir)).query('SELECT one FROM kept'), [{ one: 1 }])
  }
)

test('a server that outlived its killed service is taken over', bounded, async t => {
  const dataDir = await preparedDirectory(t)
  const owner = await startOwner(t, dataDir)
  await query(owner.said.url ?? '', 'CREATE TABLE kept AS SELECT 1 AS one')
  const postmaster = await postmasterPid(dataDir)
  await killGuardOf(postmaster)
  await end(owner.child, 'SIGKILL')
  const next = await open(t, dataDir)
  assert.equal(await postmasterPid(dataDir), postmaster)
  assert.deepEqual(await next.query('SELECT one FROM kept'), [{ one: 1 }])
  await next.close()
  assert.equal(await isRunning(postmaster), false)
})

test(
  'a killed server is started again, under the same URL and with every acknowledged row',
  bounded,
  async t => {
    const dataDir = await preparedDirectory(t)
    const server = await open(t, dataDir)
    await server.query('CREATE TABLE kept AS SELECT 1 AS one')
    process.kill(await postmasterPid(dataDir), 'SIGKILL')
    await until(async () => server.messages.includes('The embedded database is back.'))
    assert.deepEqual(await server.query('SELECT one FROM kept'), [{ one: 1 }])
  }
)

test('Ctrl-C in the terminal reaches the service, not the server under it', bounded, async t => {
  const dataDir = await preparedDirectory(t)
  const owner = await startOwner(t, dataDir, { detached: true })
  process.kill(-owner.pid, 'SIGINT') // what a terminal does: to the whole process group
  assert.deepEqual(await owner.next(), { last: 'answered after Ctrl-C' })
  await until(async () => (await embeddedStatus(dataDir)).state === 'stopped')
})

test('an ordinary user runs it as well', { ...bounded, skip: needsRoot }, async t => {
  const dir = await temporaryDirectory(t, 0o700)
  await chown(dir, someUser.uid, someUser.gid)
  const owner = await startOwner(t, join(dir, 'data'), { ...someUser, cwd: '/', env: {} })
  assert.deepEqual(await query(owner.said.url ?? '', 'SELECT 1 AS one'), [{ one: 1 }])
  assert.equal((await stat(join(dir, 'data', 'postgres', 'cluster'))).uid, someUser.uid)

  await end(owner.child, 'SIGTERM')
  const root = await open(t, join(dir, 'data'))
  assert.deepEqual(await root.query('SELECT 1 AS one'), [{ one: 1 }], 'root continues as that user')
})

test('what root created tells an ordinary user so', { ...bounded, skip: needsRoot }, async t => {
  const dir = await temporaryDirectory(t)
  await (await open(t, join(dir, 'data'))).close()
  const { said } = await startOwner(t, join(dir, 'data'), { ...someUser, cwd: '/', env: {} })
  assert.match(said.error ?? '', /Run Postern as the user that created it/)
})

test("root's private directory keeps a link, and says where the data is", {
  ...bounded,
  skip: needsRoot
}, async t => {
  const dataDir = join(await temporaryDirectory(t, 0o700), 'data')
  const first = await open(t, dataDir)
  const elsewhere = await realpath(join(dataDir, 'postgres'))
  assert.ok(first.messages[0]?.startsWith(`The database is in ${elsewhere}, because`))
  await first.query('CREATE TABLE kept AS SELECT 1 AS one')
  await first.close()

  await rename(dataDir, `${dataDir}-moved`)
  await rename(`${dataDir}-moved`, dataDir)
  const second = await open(t, dataDir)
  assert.deepEqual(await second.query('SELECT one FROM kept'), [{ one: 1 }])
  await second.close()

  await rename(elsewhere, `${elsewhere}-away`)
  await assert.rejects(open(t, dataDir), failsWith(/points to a directory that does not exist/))
  await rename(`${elsewhere}-away`, elsewhere)
})

test(
  'a directory too deep for a socket gets one in a private temporary directory',
  bounded,
  async t => {
    const dataDir = join(await temporaryDirectory(t), 'd'.repeat(100), 'data')
    const server = await open(t, dataDir)
    const socketDir = new URL(server.url).searchParams.get('host') ?? ''
    assert.equal((await stat(socketDir)).mode & 0o777, 0o700)
    assert.deepEqual(await server.query('SELECT 1 AS one'), [{ one: 1 }])
    await server.close()
    await assert.rejects(stat(socketDir), { code: 'ENOENT' })
  }
)

test('over loopback nobody gets in without the password', bounded, async t => {
  const dataDir = join(await temporaryDirectory(t), 'data')
  const server = await open(t, dataDir, { loopback: true })
  assert.deepEqual(await server.query('SELECT 1 AS one'), [{ one: 1 }])
  assert.equal((await embeddedStatus(dataDir)).url, server.url)
  const url = new URL(server.url)
  assert.equal(url.hostname, '127.0.0.1')
  for (const [user, password] of [
    ['postern', 'guess'],
    ['postgres', ''],
    ['postgres', 'postgres']
  ]) {
    Object.assign(url, { username: user, password })
    await assert.rejects(query(url.href, 'SELECT 1'))
  }
})

test('a lock file that names a living process of another kind is stale', bounded, async t => {
  const dataDir = await preparedDirectory(t)
  const first = await open(t, dataDir)
  await first.query('CREATE TABLE kept AS SELECT 1 AS one')
  const cluster = await stat(join(dataDir, 'postgres', 'cluster'))
  // As in a container: killed, started again, and the number belongs to something else now.
  const other = spawn('sleep', ['600'], isRoot ? { uid: cluster.uid, gid: cluster.gid } : {})
  atEnd(t, () => end(other, 'SIGKILL'))
  await first.close()
  await plantLockFile(dataDir, other.pid ?? 0)
  const second = await open(t, dataDir)
  assert.deepEqual(await second.query('SELECT one FROM kept'), [{ one: 1 }])
})

test('files of another major version of PostgreSQL are refused in a sentence', bounded, async t => {
  const dataDir = await preparedDirectory(t)
  await writeFile(join(dataDir, 'postgres', 'cluster', 'PG_VERSION'), '17\n')
  await assert.rejects(open(t, dataDir), failsWith(/written by PostgreSQL 17, .* brings 18/))
})

test('a server that cannot start is explained by the end of its log', bounded, async t => {
  const dataDir = await preparedDirectory(t)
  await rm(join(dataDir, 'postgres', 'cluster', 'global', 'pg_control'))
  await assert.rejects(open(t, dataDir), failsWith(/does not start.*pg_control/s))
})

test('what an interrupted first start left is removed', bounded, async t => {
  const dataDir = await preparedDirectory(t)
  await mkdir(join(dataDir, 'postgres', 'cluster.unfinished'))
  await open(t, dataDir)
  assert.ok(!(await readdir(join(dataDir, 'postgres'))).includes('cluster.unfinished'))
})

test('what another start is still writing stops nobody', bounded, async t => {
  const dataDir = await preparedDirectory(t)
  const unfinished = join(dataDir, 'postgres', 'cluster.unfinished')
  let writing = true
  const write = async (_: unknown, index: number): Promise<void> => {
    for (; writing; index += 8) await mkdir(join(unfinished, `${index}`), { recursive: true })
  }
  const writers = Promise.allSettled(Array.from({ length: 8 }, write))
  try {
    await open(t, dataDir)
  } finally {
    writing = false
    await writers
  }
})

async function plantLockFile(dataDir: string, pid: number): Promise<void> {
  const cluster = join(dataDir, 'postgres', 'cluster')
  const sockets = join(dataDir, 'postgres', 'sockets')
  const { uid, gid } = await stat(cluster)
  const file = join(cluster, 'postmaster.pid')
  await writeFile(file, `${pid}\n${cluster}\n1\n5432\n${sockets}\n\n  1  1\nready   \n`, {
    mode: 0o600
  })
  await chown(file, uid, gid)
}

/** Kills the shell that would stop this server, so that it is left alone. */
async function killGuardOf(postmaster: number): Promise<void> {
  for (const [pid, command] of await processes()) {
    if (command.endsWith(`postern-guard ${postmaster}`)) return void process.kill(pid, 'SIGKILL')
  }
  assert.fail('there is no guard')
}
