import { readFileSync } from 'node:fs'
import type { Place } from './world.js'

/** What `/proc` counts in, on every Linux that Node.js runs on. */
const ticksPerSecond = 100

/** CPU of the connections to this database, without the background of the server. NaN: it runs elsewhere. */
export async function databaseCpu({ query }: Place): Promise<number> {
  const backends = (await query(
    `SELECT pid FROM pg_stat_activity
     WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()`
  )) as { pid: number }[]
  try {
    return backends.map(({ pid }) => cpuOf(pid)).reduce((sum, each) => sum + each, 0)
  } catch {
    return Number.NaN
  }
}

/** CPU of a process so far, in milliseconds. */
export function cpuOf(pid: number): number {
  const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')
  const [user, system] = fields.split(' ').slice(11, 13).map(Number)
  return (((user as number) + (system as number)) * 1000) / ticksPerSecond
}
