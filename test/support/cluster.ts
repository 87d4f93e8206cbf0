// PostgreSQL servers of a test's own, where the machine has the server's programs: what the shared test
// server cannot do, a test does with these.
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { appendFile, chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'
import type pg from 'pg'
import { atEnd } from './at-end.js'
import { freePort } from './free-port.js'
import { withClient } from './test-server.js'

const root = '/usr/lib/postgresql'
const programs = (existsSync(root) ? readdirSync(root) : [])
  .sort((a, b) => Number(b) - Number(a))
  .map(version => join(root, version, 'bin'))
  .find(bin => existsSync(join(bin, 'initdb')))

/** For `test({ skip })`: a reason where this machine has no programs of a PostgreSQL server, else false. */
export const noCluster =
  programs === undefined ? 'no PostgreSQL server here; install Debian’s postgresql' : false

/** PostgreSQL refuses to run as root; its own user runs it then. */
export const owner =
  process.getuid?.() === 0 && programs !== undefined
    ? { uid: numberOf('-u'), gid: numberOf('-g') }
    : {}

function numberOf(option: string): number {
  return Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' }))
}

export type Cluster = {
  readonly url: string
  readonly port: number
  readonly directory: string
  /** Runs a program of PostgreSQL as the owner of the cluster. */
  run(program: string, ...args: string[]): Promise<void>
  /** The URL of a database. */
  urlOf(database: string): string
  query(text: string, database?: string): Promise<pg.QueryResult>
  /** Ends the server as a crash does. */
  crash(): Promise<void>
  /** Starts it again. */
  start(): Promise<void>
}

// Nothing is kept beyond the test, so no write needs to reach the disk.
const quick = `
fsync = off
full_page_writes = off
max_connections = 40
shared_buffers = 32MB
listen_addresses = '127.0.0.1'
`

/**
 * Starts an empty cluster, which ends with the test. With `disk` it has a disk of its own, of this size;
 * root alone can mount one.
 */
export async function startCluster(
  t: Pick<TestContext, 'after'>,
  settings = '',
  { disk }: { readonly disk?: string } = {}
): Promise<Cluster> {
  const cluster = await prepare(t, disk)
  const how = ['-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--wal-segsize=1']
  await cluster.run('initdb', '-D', cluster.directory, ...how)
  await appendFile(join(cluster.directory, 'postgresql.conf'), `${quick}${settings}`)
  await cluster.start()
  return cluster
}

/** Starts a standby that follows a cluster asynchronously, with all that this one holds now. */
export async function startStandby(
  t: Pick<TestContext, 'after'>,
  primary: Cluster
): Promise<Cluster> {
  const standby = await prepare(t)
  const from = `host=127.0.0.1 port=${primary.port} user=postgres`
  await standby.run('pg_basebackup', '-D', standby.directory, '-R', '-c', 'fast', '-d', from)
  await standby.start()
  return standby
}

async function prepare(t: Pick<TestContext, 'after'>, disk?: string): Promise<Cluster> {
  const home = await mkdtemp(join(tmpdir(), 'postern-cluster-'))
  if (disk !== undefined)
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${disk}`, 'tmpfs', home])
  if (owner.uid !== undefined) await chown(home, owner.uid, owner.gid)
  const directory = join(home, 'data')
  const port = await freePort()
  const run = async (program: string, ...args: string[]) => {
    await promisify(execFile)(join(programs ?? '', program), args, { ...owner, cwd: '/' })
  }
  const crash = () => run('pg_ctl', 'stop', '-D', directory, '-m', 'immediate')
  atEnd(t, async () => {
    await crash().catch(() => undefined)
    if (disk !== undefined) execFileSync('umount', [home])
    await rm(home, { recursive: true, force: true })
  })
  const start = () =>
    run(
      'pg_ctl',
      'start',
      '-w',
      '-D',
      directory,
      '-o',
      `-p ${port} -k ${directory}`,
      '-l',
      `${directory}.log`
    )
  const urlOf = (database: string) => `postgresql://postgres@127.0.0.1:${port}/${database}`
  const query = (text: string, database = 'postgres') =>
    withClient(urlOf(database), client => client.query(text))
  return { url: urlOf('postgres'), urlOf, query, port, directory, run, crash, start }
}
