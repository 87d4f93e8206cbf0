import type { ChildProcess } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import type pg from 'pg'
import type { ServerSocket } from './access.js'
import { EmbeddedDatabaseError } from './error.js'
import { readPostmaster } from './postmaster.js'
import type { Installation } from './programs.js'
import { endOfLog, launch, startGuard } from './server.js'
import {
  type Address,
  connect,
  ensureDatabase,
  findLockOwner,
  isPassing,
  type Owner,
  tryLock
} from './session.js'

/** A running server that this process owns. The session ends when the server ends. */
export type Owned = {
  readonly address: Address
  readonly session: pg.Client
  readonly guard: ChildProcess | undefined
}

/** Another running process owns the server. */
class OwnedError extends EmbeddedDatabaseError {
  constructor({ pid, since }: Owner) {
    super(
      `process ${pid} has it open since ${since.toISOString()}. Stop that process, or set another ` +
        'DATA_DIR. Several instances need your own PostgreSQL server (DATABASE_URL).'
    )
  }
}

const pollMillis = 20
// Two minutes: crash recovery may take long after many writes.
const mostPolls = 120_000 / pollMillis

/**
 * Takes over the running server of the cluster if its owner has ended, or starts a new one. PostgreSQL
 * allows one server for the files, and the advisory lock one owner for the server. So it is enough to
 * look again when another process acts at the same time.
 *
 * @throws {EmbeddedDatabaseError} if another process owns it, or if it does not start.
 */
export async function own(
  at: Installation,
  socket: ServerSocket,
  signal: AbortSignal
): Promise<Owned> {
  let child: ChildProcess | undefined
  let failures = 0
  try {
    for (let polls = 0; polls < mostPolls && failures < 3; polls++) {
      signal.throwIfAborted()
      const postmaster = await readPostmaster(at.home)
      if (postmaster?.alive) {
        const { address, pid } = postmaster
        const owned = address && (await claim(at, { ...address, ...socket.login }, pid))
        if (owned !== undefined) return owned
      } else if (child === undefined) {
        child = await launch(at, socket.settings, postmaster?.pid)
      } else if (child.exitCode !== null || child.signalCode !== null) {
        child = undefined
        // Processes of a killed server may still finish a query. Such a failure does not count.
        if (!(await endOfLog(at.home)).includes('shared memory block')) failures++
        await pause(10 * pollMillis)
      }
      await pause(pollMillis)
    }
    throw new EmbeddedDatabaseError(
      `PostgreSQL does not start. Its log (${at.home.log}) ends:\n${await endOfLog(at.home)}`
    )
  } catch (error) {
    if (!(error instanceof OwnedError)) child?.kill('SIGINT')
    throw error
  }
}

async function claim(at: Installation, address: Address, pid: number): Promise<Owned | undefined> {
  const session = await connect(address)
  if (session === undefined) return undefined
  try {
    if (await tryLock(session)) {
      await ensureDatabase(session, address.password)
      return { address, session, guard: startGuard(at, pid) }
    }
    const owner = await findLockOwner(session)
    if (owner !== undefined) throw new OwnedError(owner)
  } catch (error) {
    await session.end()
    if (!isPassing(error)) throw error
    return undefined
  }
  await session.end() // the owner has just released the lock
  return undefined
}
