import { readFile, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { loopbackSocket, readPassword, type ServerSocket, unixSocket } from './embedded/access.js'
import { findBinaries } from './embedded/binaries.js'
import { EmbeddedDatabaseError, readable } from './embedded/error.js'
import { findHome, homeLink, leftBehind, prepareHome } from './embedded/home.js'
import { serverIdentity } from './embedded/identity.js'
import { readPostmaster } from './embedded/postmaster.js'
import { type Installation, initialise, isInitialised } from './embedded/programs.js'
import { findOwner, urlOf } from './embedded/session.js'
import { supervise } from './embedded/supervise.js'

export { EmbeddedDatabaseError } from './embedded/error.js'

export type EmbeddedOptions = {
  readonly dataDir: string
  readonly onProgress: (message: string) => void
  /** Additional server settings, for tests. */
  readonly settings?: Readonly<Record<string, string>>
  /** Listens on loopback with a password instead of a Unix socket. Always on Windows. */
  readonly loopback?: boolean
}

/** A PostgreSQL server of this process. It stops with `close`, and when the process ends. */
export type EmbeddedServer = { readonly url: string; close(): Promise<void> }

/** Whether a directory holds a database, and which process has it open. */
export type EmbeddedStatus = {
  readonly state: 'absent' | 'stopped' | 'running'
  /** The service or command that owns the server, not PostgreSQL itself. */
  readonly pid?: number
  readonly url?: string
}

/**
 * Starts the PostgreSQL in `dataDir`, and creates it the first time. A server that dies is started
 * again at the same URL.
 *
 * @throws {EmbeddedDatabaseError} also if another process has it open.
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  try {
    const at = await install(options)
    const socket = await prepareSocket(at, options)
    try {
      await prepareCluster(at, socket, options)
      return await supervise(at, socket, options.onProgress)
    } catch (error) {
      await socket.remove()
      throw error
    }
  } catch (error) {
    throw readable(error, options.dataDir)
  }
}

/** The state of the database in `dataDir`. Starts and changes nothing. */
export async function embeddedStatus(dataDir: string): Promise<EmbeddedStatus> {
  try {
    const home = await findHome(dataDir)
    if (home === undefined || !(await isInitialised(home))) return { state: 'absent' }
    const postmaster = await readPostmaster(home)
    if (!postmaster?.alive || postmaster.address === undefined) return { state: 'stopped' }
    const address = { ...postmaster.address, ...(await readPassword(home)) }
    const owner = await findOwner(address)
    return { state: 'running', url: urlOf(address), ...(owner && { pid: owner.pid }) }
  } catch (error) {
    throw readable(error, dataDir)
  }
}

async function install({ dataDir, onProgress }: EmbeddedOptions): Promise<Installation> {
  const user = await serverIdentity(join(homeLink(dataDir), 'cluster'))
  const home = await prepareHome(dataDir, user)
  const place = await realpath(dataDir)
  if (dirname(home.dir) !== place) {
    onProgress(
      `The database is in ${home.dir}, because its user "${user.name}" cannot access ${place}. Deleting ${place} does not delete it.`
    )
    for (const dir of await leftBehind(dataDir, home))
      onProgress(
        `${dir} holds the database of a DATA_DIR at ${place} that was deleted. Nothing uses it.`
      )
  }
  return { user, home, binaries: await findBinaries(home.dir, user) }
}

async function prepareSocket(
  { home, user }: Installation,
  options: EmbeddedOptions
): Promise<ServerSocket> {
  const loopback = options.loopback ?? process.platform === 'win32'
  const socket = loopback ? await loopbackSocket(home, user) : await unixSocket(home, user)
  const always = {
    timezone: 'UTC',
    log_timezone: 'UTC',
    // A failed statement may contain an e-mail address: the log has the error without the values.
    log_error_verbosity: 'terse',
    log_min_error_statement: 'panic',
    hba_file: home.hba,
    ident_file: home.ident
  }
  return { ...socket, settings: { ...options.settings, ...always, ...socket.settings } }
}

async function prepareCluster(
  at: Installation,
  { login }: ServerSocket,
  options: EmbeddedOptions
): Promise<void> {
  if (!(await isInitialised(at.home))) {
    options.onProgress(`Creating a database in ${options.dataDir} (first start only) …`)
    await initialise(at, login.password === undefined ? undefined : at.home.password)
  }
  const written = (await readFile(join(at.home.cluster, 'PG_VERSION'), 'utf8')).trim()
  if (written === at.binaries.major) return
  throw new EmbeddedDatabaseError(
    `it was written by PostgreSQL ${written}, and this version of Postern brings ` +
      `${at.binaries.major}, which cannot read it. Write it to a file with the earlier version of ` +
      'Postern (postern backup), and restore that into a new DATA_DIR (postern restore).'
  )
}
