import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import type { Config } from '../config/load.js'
import { EmbeddedDatabaseError, embeddedStatus, openEmbedded } from './embedded.js'

/** A database that answers at `url` until it is closed. */
export type ConnectedDatabase = { readonly url: string; close(): Promise<void> }

/**
 * The database for a command beside the service: the server of `DATABASE_URL`; the embedded one of a
 * service that runs, through its socket; else the embedded one, started for as long as it is needed.
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
        await othersAreDone(url)
        await close()
      }
    }
  } catch (error) {
    // A service or another command was faster.
    const theirs = error instanceof EmbeddedDatabaseError && (await runningEmbedded(DATA_DIR))
    if (!theirs) throw error
    return theirs
  }
}

async function runningEmbedded(dataDir: string): Promise<ConnectedDatabase | null> {
  const { url, pid } = await embeddedStatus(dataDir)
  // Without a holder it is about to be stopped: its owner died.
  return url === undefined || pid === undefined ? null : { url, close: async () => {} }
}

const mostPolls = 300

/** Other commands may work over the server that this one started: it stays until they are done. */
async function othersAreDone(url: string): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    for (let polls = 0; polls < mostPolls; polls++) {
      const { rowCount } = await client.query(`
        SELECT FROM pg_stat_activity WHERE datname = current_database()
          AND application_name = 'postern' LIMIT 1`)
      if (rowCount === 0) return
      await pause(100)
    }
  } finally {
    await client.end()
  }
}
