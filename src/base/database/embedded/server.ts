import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile, rename, stat } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { EmbeddedDatabaseError } from './error.js'
import type { Home } from './home.js'
import { isServer, readPostmaster } from './postmaster.js'
import { cannotRun, environment, type Installation, path, run, surroundings } from './programs.js'

// Nobody turns this log over, so it is done at a start when it has grown.
const mostLogBytes = 1_000_000

/**
 * Starts the server on its own, out of reach of the terminal's Ctrl-C: it has to live until the
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
    const { uid, gid } = at.who
    if (uid !== undefined && gid !== undefined) await log.chown(uid, gid)
    const child = spawn(path(at, 'postgres'), ['-D', at.home.cluster, ...flags], {
      ...surroundings(at),
      // PostgreSQL does not take a process of this number for a server on the same files. The
      // safe way to say that a lock file is stale: removing it could hit a file written just now.
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

/** Ends all sessions, writes everything out, returns when the server is gone (`fast` shutdown). */
export async function stop(at: Installation): Promise<void> {
  const running = await readPostmaster(at.home)
  const { code, output } = await run(at, 'pg_ctl', ['stop', '-D', at.home.cluster, '-m', 'fast'])
  if (code !== 0 && (await readPostmaster(at.home))?.alive) {
    throw new EmbeddedDatabaseError(`PostgreSQL does not stop. ${output}`)
  }
  // It has given the files up; its process may need a moment more to vanish.
  for (let polls = 0; polls < 50 && running !== undefined; polls++) {
    if (!(await isServer(running.pid, at.home.cluster))) break
    await pause(20)
  }
}

/**
 * A shell that waits for our end and then stops the server: whatever kills this process closes the
 * pipe. Undefined where there is no such shell; then the next start takes the running server over.
 */
export function guard(at: Installation, postmasterPid: number): ChildProcess | undefined {
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
export async function lastWords({ log }: Home): Promise<string> {
  const text = await readFile(log, 'utf8').catch(() => '')
  return text.trimEnd().split('\n').slice(-4).join('\n')
}
