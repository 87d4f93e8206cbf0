import { readFile, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { loopbackSocket, readPassword, type ServerSocket, unixSocket } from './embedded/access.js'
import { findBinaries } from './embedded/binaries.js'
import { EmbeddedDatabaseError, readable } from './embedded/error.js'
import { findHome, homeLink, prepareHome } from './embedded/home.js'
import { serverIdentity } from './embedded/identity.js'
import { readPostmaster } from './embedded/postmaster.js'
import { type Installation, initialise, isInitialised } from './embedded/programs.js'
import { urlOf, whoHolds } from './embedded/session.js'
import { supervise } from './embedded/supervise.js'

export { EmbeddedDatabaseError } from './embedded/error.js'

export type EmbeddedOptions = {
  readonly dataDir: string
  readonly onProgress: (message: string) => void
  /** More server settings, for tests. */
  readonly settings?: Readonly<Record<string, string>>
  /** Loopback and a password instead of a Unix socket: the only way on Windows. */
  readonly loopback?: boolean
}

/** A PostgreSQL of our own. It stops with `close`, and by itself when this process ends. */
export type EmbeddedServer = { readonly url: string; close(): Promise<void> }

/** Whether there is a database in this directory, and who has it open where. */
export type EmbeddedStatus = {
  readonly state: 'absent' | 'stopped' | 'running'
  /** The process that holds it: the service, not PostgreSQL. */
  readonly pid?: number
  readonly url?: string
}

/**
 * Starts the PostgreSQL in `dataDir`, creating it the first time, and keeps it running: should the
 * server die, it is started again under the same URL.
 *
 * @throws {EmbeddedDatabaseError} also when another process has it open
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  try {
    const at = await install(options)
    const door = await prepareDoor(at, options)
    try {
      await prepareCluster(at, door, options)
      return await supervise(at, door, options.onProgress)
    } catch (error) {
      await door.dismantle()
      throw error
    }
  } catch (error) {
    throw readable(error, options.dataDir)
  }
}

/** Looks, without starting or changing anything. */
export async function embeddedStatus(dataDir: string): Promise<EmbeddedStatus> {
  try {
    const home = await findHome(dataDir)
    if (home === undefined || !(await isInitialised(home))) return { state: 'absent' }
    const postmaster = await readPostmaster(home)
    if (!postmaster?.alive || postmaster.address === undefined) return { state: 'stopped' }
    const address = { ...postmaster.address, ...(await readPassword(home)) }
    const holder = await whoHolds(address)
    return { state: 'running', url: urlOf(address), ...(holder && { pid: holder.pid }) }
  } catch (error) {
    throw readable(error, dataDir)
  }
}

async function install({ dataDir, onProgress }: EmbeddedOptions): Promise<Installation> {
  const who = await serverIdentity(join(homeLink(dataDir), 'cluster'))
  const home = await prepareHome(dataDir, who)
  const place = await realpath(dataDir)
  if (dirname(home.dir) !== place) {
    onProgress(
      `The database lies in ${home.dir}, because user "${who.name}", who runs it, cannot reach ${place}.`
    )
  }
  return { who, home, binaries: await findBinaries(home.dir, who) }
}

async function prepareDoor(
  { home, who }: Installation,
  options: EmbeddedOptions
): Promise<ServerSocket> {
  const loopback = options.loopback ?? process.platform === 'win32'
  const door = loopback ? await loopbackSocket(home, who) : await unixSocket(home, who)
  const always = {
    timezone: 'UTC',
    log_timezone: 'UTC',
    // A refused statement may hold somebody's address: the log names the error, not the values.
    log_error_verbosity: 'terse',
    log_min_error_statement: 'panic',
    hba_file: home.hba,
    ident_file: home.ident
  }
  return { ...door, settings: { ...options.settings, ...always, ...door.settings } }
}

async function prepareCluster(
  at: Installation,
  door: ServerSocket,
  options: EmbeddedOptions
): Promise<void> {
  if (!(await isInitialised(at.home))) {
    options.onProgress(`Creating a database in ${options.dataDir} (first start only) …`)
    await initialise(at, door.login.password === undefined ? undefined : at.home.password)
  }
  const written = (await readFile(join(at.home.cluster, 'PG_VERSION'), 'utf8')).trim()
  if (written === at.binaries.major) return
  throw new EmbeddedDatabaseError(
    `it was written by PostgreSQL ${written}, and this version of Postern brings ` +
      `${at.binaries.major}, which cannot read it. Export it with the version of Postern that wrote ` +
      'it, or with pg_dump, and import that into a new DATA_DIR.'
  )
}
