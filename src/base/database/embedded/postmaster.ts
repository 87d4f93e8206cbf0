import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { codeOf } from './error.js'
import type { Home } from './home.js'

/** What PostgreSQL wrote about itself into its lock file. */
export type Postmaster = {
  readonly pid: number
  /** False when the process is gone, or is another program that was given the same number. */
  readonly alive: boolean
  /** Where it listens, once it does. */
  readonly address?: { readonly host: string; readonly port: number }
}

/** The server of this cluster as its `postmaster.pid` names it; undefined after a clean stop. */
export async function readPostmaster({ cluster }: Home): Promise<Postmaster | undefined> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(error => {
    if (codeOf(error) === 'ENOENT') return ''
    throw error
  })
  // pid, data directory, start, port, socket directory, listen address, …: written bit by bit.
  const [pidLine = '', , , port = '', sockets = '', address = ''] = text.split('\n')
  const pid = Number.parseInt(pidLine, 10)
  if (Number.isNaN(pid)) return undefined
  const alive = await isServer(pid, cluster)
  const host = sockets || address
  return { pid, alive, ...(host !== '' && { address: { host, port: Number(port) } }) }
}

/** Whether there is a process of this number, ours or not. */
function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return codeOf(error) !== 'ESRCH'
  }
}

/**
 * Whether this process is the server of these files. A number alone proves nothing: after a
 * restart of the machine, and always in a container that is started again, some other process has
 * the number that the killed server left in its file.
 */
export async function isServer(pid: number, cluster: string): Promise<boolean> {
  if (!exists(pid)) return false
  const command = await commandLine(pid)
  return command === undefined || (command.includes('postgres') && command.includes(cluster))
}

async function commandLine(pid: number): Promise<string | undefined> {
  try {
    if (process.platform === 'linux') return await readFile(`/proc/${pid}/cmdline`, 'utf8')
    if (process.platform === 'win32') return undefined
    const ps = await promisify(execFile)('ps', ['-ww', '-o', 'command=', '-p', String(pid)])
    return ps.stdout
  } catch {
    return undefined // not ours to see: believe the file
  }
}
