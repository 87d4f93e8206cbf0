import { setTimeout as pause } from 'node:timers/promises'
import type { Config } from '../config/load.js'
import { readAddress } from './address.js'
import { openConnection } from './connection.js'
import { EmbeddedDatabaseError, embeddedStatus, openEmbedded } from './embedded.js'

/** A database that is available at `url` until `close`. */
export type ConnectedDatabase = { readonly url: string; close(): Promise<void> }

/**
 * Connects a command to a database: the server of `DATABASE_URL`, the embedded server of a running
 * service, or else the embedded server, started until `close`.
 *
 * @throws {EmbeddedDatabaseError}
 */
export async function connectDatabase(
  { DATABASE_URL, DATA_DIR }: Pick<Config, 'DATABASE_URL' | 'DATA_DIR'>,
  onProgress: (message: string) => void
): Promise<ConnectedDatabase> {
  if (DATABASE_URL !== null) return { url: DATABASE_URL, close: async () => {} }
  const running = await runningEmbedded(DATA_DIR)
  if (running !== null) return running
  try {
    const { url, close } = await openEmbedded({ dataDir: DATA_DIR, onProgress })
    return {
      url,
      close: async () => {
        await waitForOtherCommands(url)
        await close()
      }
    }
  } catch (error) {
    // Another process may have started the server first.
    const other = error instanceof EmbeddedDatabaseError && (await runningEmbedded(DATA_DIR))
    if (!other) throw error
    return other
  }
}

async function runningEmbedded(dataDir: string): Promise<ConnectedDatabase | null> {
  const { url, pid } = await embeddedStatus(dataDir)
  // A server without an owner stops soon: the process that owned it has died.
  return url === undefined || pid === undefined ? null : { url, close: async () => {} }
}

const mostPolls = 300

/** Waits until other commands no longer use the server that this command started. */
async function waitForOtherCommands(url: string): Promise<void> {
  const address = readAddress(url)
  const client = await openConnection({ address, timeoutMs: 10_000, preparedStatements: true })
  try {
    for (let polls = 0; polls < mostPolls; polls++) {
      const { rowCount } = await client.query(`
        SELECT FROM pg_stat_activity WHERE datname = current_database()
          AND application_name = 'postern' AND pid <> pg_backend_pid() LIMIT 1`)
      if (rowCount === 0) return
      await pause(100)
    }
  } finally {
    await client.end()
  }
}
