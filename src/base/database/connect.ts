import { setTimeout as pause } from 'node:timers/promises'
import type { Config } from '../config/load.js'
import { readAddress } from './address.js'
import { openConnection } from './connection.js'
import { EmbeddedDatabaseError, embeddedStatus, openEmbedded } from './embedded.js'

/** A database that is available at `url` until `close`. */
export type ConnectedDatabase = { readonly url: string; close(): Promise<void> }

/**
 * Connects a command to a database: the server of `DATABASE_URL`, the embedded server of a running
 * service or command, or else the embedded server, started until `close`.
 *
 * @throws {EmbeddedDatabaseError}
 */
export async function connectDatabase(
  { DATABASE_URL, DATA_DIR }: Pick<Config, 'DATABASE_URL' | 'DATA_DIR'>,
  onProgress: (message: string) => void
): Promise<ConnectedDatabase> {
  if (DATABASE_URL !== null) return { url: DATABASE_URL, close: async () => {} }
  const running = await joinRunning(DATA_DIR)
  if (running !== null) return running
  try {
    const { url, close } = await openEmbedded({ dataDir: DATA_DIR, onProgress })
    return { url, close: () => closeAfterOthers(url, close) }
  } catch (error) {
    // Another process may have started the server first.
    const other = error instanceof EmbeddedDatabaseError && (await joinRunning(DATA_DIR))
    if (!other) throw error
    return other
  }
}

/** The advisory lock that commands share while they use the server: two arbitrary numbers. */
const use = [1886352244, 2] as const

const optionsFor = (url: string) => ({
  address: readAddress(url),
  timeoutMs: 10_000,
  preparedStatements: true
})

const mostTries = 50

/** Uses the server that another process has started; null if none has. */
async function joinRunning(dataDir: string): Promise<ConnectedDatabase | null> {
  for (let tries = 1; ; tries++) {
    const { url, pid } = await embeddedStatus(dataDir)
    // A server without an owner stops soon: the process that owned it has died.
    if (url === undefined || pid === undefined) return null
    try {
      return await join(url)
    } catch (error) {
      // The command that has started the server may stop it right now.
      if (tries === mostTries) throw error
      await pause(100)
    }
  }
}

/** Keeps the command that has started the server from stopping it until `close`. */
async function join(url: string): Promise<ConnectedDatabase> {
  const guest = await openConnection(optionsFor(url))
  try {
    await guest.query('SELECT pg_advisory_lock_shared($1, $2)', [...use])
    return { url, close: () => guest.end() }
  } catch (error) {
    await guest.end()
    throw error
  }
}

const mostPolls = 300

/**
 * Stops the server that this command has started, once no other command uses it. One that comes now waits for
 * the lock until the server is gone, and starts it again.
 */
async function closeAfterOthers(url: string, close: () => Promise<void>): Promise<void> {
  const client = await openConnection(optionsFor(url))
  try {
    for (let polls = 0; polls < mostPolls; polls++) {
      const taken = 'SELECT pg_try_advisory_lock($1, $2) AS taken'
      const { rows } = await client.query(taken, [...use])
      if (rows[0].taken) break
      await pause(100)
    }
    await close()
  } finally {
    await client.end()
  }
}
