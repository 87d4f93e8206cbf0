import { loadConfig } from '../../base/config/load.js'
import type { Deps, Log } from '../../deps.js'
import { remark } from './output.js'

/** Warnings of the domain, as a line for the person at the keyboard. */
const log: Log = {
  error: (_fields, message) => remark(message),
  warn: (_fields, message) => remark(message),
  info: () => {},
  debug: () => {}
}

/**
 * Runs a command over what the service works with, without a service, and closes it again. Keys that
 * cannot be read stop it, unless it has other work to do as well.
 */
export async function withDeps<T>(
  work: (deps: Deps) => Promise<T>,
  { readKeys = true } = {}
): Promise<T> {
  const config = loadConfig()
  // Loaded here, so that --help answers at once.
  const { connectDatabase } = await import('../../base/database/connect.js')
  const { openDepsAndPool, prepareDatabase } = await import('../../open-deps.js')
  const database = await connectDatabase(config, remark)
  try {
    const own = { ...config, DATABASE_URL: database.url, DATABASE_POOL_SIZE: 2 }
    const { db, deps, close } = openDepsAndPool(own, log)
    try {
      await prepareDatabase(db, deps, { readKeys })
      return await work(deps)
    } finally {
      await close()
    }
  } finally {
    await database.close()
  }
}
