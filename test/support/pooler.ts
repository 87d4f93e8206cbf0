import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import pg from 'pg'
import { atEnd } from './at-end.js'
import { type Cluster, noCluster, owner } from './cluster.js'
import { freePort } from './free-port.js'
import { until } from './until.js'

const pgbouncer = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer'].find(existsSync)

/** For `test({ skip })`: a reason where PgBouncer or the server's programs are missing, else false. */
export const noPgBouncer = pgbouncer === undefined ? 'pgbouncer is not installed' : noCluster

/** PgBouncer before a cluster, with its defaults but for the mode and the size of its pools. */
export async function startPgBouncer(
  t: Pick<TestContext, 'after'>,
  cluster: Pick<Cluster, 'port'>,
  mode: 'session' | 'transaction',
  more: Readonly<Record<string, string>> = {}
) {
  const dir = await mkdtemp(join(tmpdir(), 'postern-pooler-'))
  atEnd(t, () => rm(dir, { recursive: true, force: true }))
  await chmod(dir, 0o755) // for the user that runs it when we are root
  const port = await freePort()
  const lines = {
    listen_addr: '127.0.0.1',
    listen_port: String(port),
    unix_socket_dir: '',
    auth_type: 'any',
    pool_mode: mode,
    ...more
  }
  const text = [
    '[databases]',
    `* = host=127.0.0.1 port=${cluster.port} user=postgres`,
    '[pgbouncer]',
    ...Object.entries(lines).map(([name, value]) => `${name} = ${value}`)
  ]
  const file = join(dir, 'pgbouncer.ini')
  await writeFile(file, `${text.join('\n')}\n`)
  const child = spawn(pgbouncer as string, [file], { ...owner, cwd: dir, stdio: 'ignore' })
  atEnd(t, async () => {
    if (child.exitCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
  const url = (database: string) => `postgresql://postgres@127.0.0.1:${port}/${database}`
  await until('PgBouncer answers', async () => {
    const client = new pg.Client(url('postgres'))
    client.on('error', () => undefined)
    return client.connect().then(
      () => client.end().then(() => true),
      () => false
    )
  })
  return { port, url }
}

const version = () => execFileSync(pgbouncer as string, ['--version'], { encoding: 'utf8' })

/** Whether the PgBouncer here keeps named statements in transaction mode (1.21). */
export const keepsStatements = (): boolean => {
  const [, major = 0, minor = 0] = /PgBouncer (\d+)\.(\d+)/.exec(version())?.map(Number) ?? []
  return major > 1 || minor >= 21
}
