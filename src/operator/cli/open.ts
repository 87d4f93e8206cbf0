import { loadConfig } from '../../base/config/load.js'
import type { Deps, Log } from '../../deps.js'
import { remark } from './output.js'

/** Prints warnings and errors on standard error. */
export const log: Log = {
  error: (_fields, message) => remark(message),
  warn: (_fields, message) => remark(message),
  info: () => {},
  debug: () => {}
}

/**
 * Runs a command with the dependencies of the service, and closes them. With `readKeys: false` the
 * command runs also if the signing keys cannot be opened.
 */
export async function withDeps<T>(
  work: (deps: Deps) => Promise<T>,
  { readKeys = true } = {}
): Promise<T> {
  const config = loadConfig()
  // Imported here so that --help is fast.
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
