import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Config } from '../../base/config/load.js'
import { type Finding, findingsOf } from './finding.js'

const { fail } = findingsOf('data-dir')

/** Checks whether this user can write the embedded database and its keys to `DATA_DIR`. */
export async function examineDataDir({
  DATABASE_URL,
  DATA_DIR
}: Pick<Config, 'DATABASE_URL' | 'DATA_DIR'>): Promise<Finding[]> {
  if (DATABASE_URL !== null) return []
  const place = await nearestThatExists(resolve(DATA_DIR))
  if (!(await stat(place)).isDirectory())
    return [fail(`DATA_DIR leads through ${place}, which is not a directory.`)]
  try {
    await access(place, constants.W_OK | constants.X_OK)
    return []
  } catch {
    return [
      fail(`This user cannot write to ${place}. Run this command as the user of the service.`)
    ]
  }
}

/** The path itself, or its nearest parent that exists. */
async function nearestThatExists(path: string): Promise<string> {
  const exists = await stat(path).then(
    () => true,
    () => false
  )
  return exists || dirname(path) === path ? path : nearestThatExists(dirname(path))
}
