import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { codeOf } from './error.js'
import type { Home } from './home.js'

/** The content of PostgreSQL's lock file. */
export type Postmaster = {
  readonly pid: number
  /** False if the process has ended, or if another program has the same pid. */
  readonly alive: boolean
  /** Where the server listens; absent while it starts. */
  readonly address?: { readonly host: string; readonly port: number }
}

/** Reads `postmaster.pid` of this cluster. Undefined after a clean stop. */
export async function readPostmaster({ cluster }: Home): Promise<Postmaster | undefined> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(error => {
    if (codeOf(error) === 'ENOENT') return ''
    throw error
  })
  // pid, data directory, start, port, socket directory, listen address, …: written one after another.
  const [pidLine = '', , , port = '', sockets = '', address = ''] = text.split('\n')
  const pid = Number.parseInt(pidLine, 10)
  if (Number.isNaN(pid)) return undefined
  const alive = await isServer(pid, cluster)
  const host = sockets || address
  return { pid, alive, ...(host !== '' && { address: { host, port: Number(port) } }) }
}

/** Whether a process has this pid, also one of another user. */
function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return codeOf(error) !== 'ESRCH'
  }
}

/**
 * Whether this process is the server of these files. The pid alone is not enough: after a restart of
 * the machine or the container, another process may have the pid of the killed server.
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
    return undefined // this user cannot read it: trust the file
  }
}
