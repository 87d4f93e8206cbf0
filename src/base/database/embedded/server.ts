import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile, rename, stat } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { EmbeddedDatabaseError } from './error.js'
import type { Home } from './home.js'
import { isServer, readPostmaster } from './postmaster.js'
import { cannotRun, environment, type Installation, path, run, surroundings } from './programs.js'

// A larger log is renamed at the next start.
const mostLogBytes = 1_000_000

/**
 * Starts the server detached, so that Ctrl-C in the terminal does not stop it: it must run until the
 * service has finished its last transaction.
 */
export async function launch(
  at: Installation,
  settings: Record<string, string>,
  stalePid?: number
): Promise<ChildProcess> {
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const { size } = await stat(at.home.log).catch(() => ({ size: 0 }))
  if (size > mostLogBytes) await rename(at.home.log, `${at.home.log}.old`)
  const log = await open(at.home.log, 'a', 0o600)
  try {
    const { uid, gid } = at.user
    if (uid !== undefined && gid !== undefined) await log.chown(uid, gid)
    const child = spawn(path(at, 'postgres'), ['-D', at.home.cluster, ...flags], {
      ...surroundings(at),
      // PostgreSQL ignores a lock file with this pid. Removing a stale lock file instead would be
      // unsafe: another server may just have written it.
      env: {
        ...environment,
        ...(stalePid !== undefined && { PG_GRANDPARENT_PID: String(stalePid) })
      },
      detached: true,
      stdio: ['ignore', log.fd, log.fd]
    })
    await once(child, 'spawn')
    child.unref()
    return child
  } catch (error) {
    throw cannotRun(at, error)
  } finally {
    await log.close()
  }
}

/** Stops the server with a `fast` shutdown: ends all sessions and writes all data. Returns when it has ended. */
export async function stop(at: Installation): Promise<void> {
  const running = await readPostmaster(at.home)
  const { code, output } = await run(at, 'pg_ctl', ['stop', '-D', at.home.cluster, '-m', 'fast'])
  if (code !== 0 && (await readPostmaster(at.home))?.alive) {
    throw new EmbeddedDatabaseError(`PostgreSQL does not stop. ${output}`)
  }
  // The server has released its files, but its process may run for a moment longer.
  for (let polls = 0; polls < 50 && running !== undefined; polls++) {
    if (!(await isServer(running.pid, at.home.cluster))) break
    await pause(20)
  }
}

/**
 * A shell that stops the server when this process ends: its end closes the pipe, also after SIGKILL.
 * Undefined on Windows, where the next start takes over the running server.
 */
export function startGuard(at: Installation, postmasterPid: number): ChildProcess | undefined {
  if (process.platform === 'win32') return undefined
  const script = 'read -r _; kill -INT "$1"'
  const child = spawn('/bin/sh', ['-c', script, 'postern-guard', String(postmasterPid)], {
    ...surroundings(at),
    env: environment,
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore']
  })
  child.on('error', () => undefined)
  child.stdin?.on('error', () => undefined)
  child.unref()
  return child
}

/** The end of the server's log, for messages. */
export async function endOfLog({ log }: Home): Promise<string> {
  const text = await readFile(log, 'utf8').catch(() => '')
  return text.trimEnd().split('\n').slice(-4).join('\n')
}
