import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Config } from '../../base/config/load.js'
import { type Finding, findingsOf } from './finding.js'

const { fail } = findingsOf('data-dir')

/** Whether the embedded database and its keys can be kept where `DATA_DIR` says, by this user. */
export async function examineDataDir({
  DATABASE_URL,
  DATA_DIR
}: Pick<Config, 'DATABASE_URL' | 'DATA_DIR'>): Promise<Finding[]> {
  if (DATABASE_URL !== null) return []
  const place = await nearestThatExists(resolve(DATA_DIR))
  if (!(await stat(place)).isDirectory())
    return [fail(`DATA_DIR leads through ${place}, which is no directory.`)]
  try {
    await access(place, constants.W_OK | constants.X_OK)
    return []
  } catch {
    return [
      fail(`This user may not write to ${place}, where DATA_DIR is. Is it the service’s user?`)
    ]
  }
}

async function nearestThatExists(path: string): Promise<string> {
  const exists = await stat(path).then(
    () => true,
    () => false
  )
  return exists || dirname(path) === path ? path : nearestThatExists(dirname(path))
}
