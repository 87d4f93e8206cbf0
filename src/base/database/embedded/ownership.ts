import type { ChildProcess } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import type pg from 'pg'
import type { ServerSocket } from './access.js'
import { EmbeddedDatabaseError } from './error.js'
import { readPostmaster } from './postmaster.js'
import type { Installation } from './programs.js'
import { guard, lastWords, launch } from './server.js'
import {
  type Address,
  connect,
  ensureDatabase,
  findHolder,
  type Holder,
  isPassing,
  takeOwnership
} from './session.js'

/** A running server that is ours. The session ends when the server does. */
export type Owned = {
  readonly address: Address
  readonly session: pg.Client
  readonly guard: ChildProcess | undefined
}

/** Somebody else's, who is alive. */
class HeldError extends EmbeddedDatabaseError {
  constructor({ pid, since }: Holder) {
    super(
      `process ${pid} has it open since ${since.toISOString()}. Stop that one, or set another ` +
        'DATA_DIR. Several instances need a PostgreSQL server of their own (DATABASE_URL).'
    )
  }
}

const pollMillis = 20
// Crash recovery after much writing may take a while; a server that is still not there is stuck.
const mostPolls = 120_000 / pollMillis

/**
 * Gets hold of the cluster's server: the one that runs, if its owner is dead, else a new one.
 * PostgreSQL itself sees to it that one server at most has the files open, and the lock in it that
 * one process at most owns it; so whatever others do meanwhile, looking again settles it.
 */
export async function own(
  at: Installation,
  door: ServerSocket,
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
        const owned = address && (await claim(at, { ...address, ...door.login }, pid))
        if (owned !== undefined) return owned
      } else if (child === undefined) {
        child = await launch(at, door.settings, postmaster?.pid)
      } else if (child.exitCode !== null || child.signalCode !== null) {
        child = undefined
        // Processes of a killed server may be at their last query: only that is worth many tries.
        if (!(await lastWords(at.home)).includes('shared memory block')) failures++
        await pause(10 * pollMillis)
      }
      await pause(pollMillis)
    }
    const words = await lastWords(at.home)
    throw new EmbeddedDatabaseError(
      `PostgreSQL does not start. Its log (${at.home.log}) ends:\n${words}`
    )
  } catch (error) {
    if (!(error instanceof HeldError)) child?.kill('SIGINT')
    throw error
  }
}

async function claim(at: Installation, address: Address, pid: number): Promise<Owned | undefined> {
  const session = await connect(address)
  if (session === undefined) return undefined
  try {
    if (await takeOwnership(session)) {
      await ensureDatabase(session, address.password)
      return { address, session, guard: guard(at, pid) }
    }
    const holder = await findHolder(session)
    if (holder !== undefined) throw new HeldError(holder)
  } catch (error) {
    await session.end()
    if (!isPassing(error)) throw error
    return undefined
  }
  await session.end() // released just now
  return undefined
}
