import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  realpath,
  rm,
  symlink,
  writeFile
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { codeOf, EmbeddedDatabaseError } from './error.js'
import { canReach, type Identity } from './identity.js'

// Where root keeps what an unprivileged user must reach: a place of the system for such data.
const systemDir = '/var/lib/postern'

// sockaddr_un takes 104 bytes on macOS and 108 on Linux, with the closing zero.
const longestSocketPath = 103

/** The files of one embedded database. All but `cluster` and `sockets` belong to the service. */
export type Home = {
  readonly dir: string
  readonly cluster: string
  readonly sockets: string
  readonly log: string
  readonly hba: string
  readonly ident: string
  readonly password: string
}

/** The name under DATA_DIR: a directory, or a link to where root had to put it. */
export const homeLink = (dataDir: string) => join(dataDir, 'postgres')

/** The database's directory if there is one; an error if it was moved away. */
export async function findHome(dataDir: string): Promise<Home | undefined> {
  const link = homeLink(dataDir)
  try {
    return homeAt(await realpath(link))
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
  const entry = await lstat(link).catch(() => undefined)
  if (entry === undefined) return undefined
  throw new EmbeddedDatabaseError(
    `${link} points to a directory that does not exist. Restore it, or remove the link to begin ` +
      'with an empty database.'
  )
}

/** Makes the directory, where the server's user can reach it, and its parts that are missing. */
export async function prepareHome(dataDir: string, who: Identity): Promise<Home> {
  const shared = who.uid !== undefined
  // Root's directories stay root's: a service that writes into another user's directory could be
  // led elsewhere by a link. Passing through is enough for the server.
  const created = await mkdir(dataDir, { recursive: true, mode: shared ? 0o711 : 0o700 })
  if (shared && created !== undefined) await chmod(dataDir, 0o711) // whatever our umask
  const home = (await findHome(dataDir)) ?? (await createHome(dataDir, who))
  if (!(await canReach(who, home.dir))) {
    throw new EmbeddedDatabaseError(
      `PostgreSQL runs as user "${who.name}", who cannot reach ${home.dir}. Make the directories ` +
        'above it passable (chmod o+x).'
    )
  }
  await makeFor(who, home.sockets)
  return home
}

/** A private directory whose path leaves room for a socket's name. */
export async function socketDirectory(home: Home, who: Identity): Promise<string> {
  if (Buffer.byteLength(join(home.sockets, '.s.PGSQL.5432')) <= longestSocketPath)
    return home.sockets
  const dir = await mkdtemp(join(tmpdir(), 'postern-'))
  if (who.uid !== undefined && who.gid !== undefined) await chown(dir, who.uid, who.gid)
  return dir
}

/** A directory that only the server's user can enter. */
export async function makeFor({ uid, gid }: Identity, dir: string): Promise<void> {
  await mkdir(dir, { mode: 0o700 }).catch(error => {
    if (codeOf(error) !== 'EEXIST') throw error
  })
  if (uid !== undefined && gid !== undefined) await chown(dir, uid, gid)
}

async function createHome(dataDir: string, who: Identity): Promise<Home> {
  const link = homeLink(dataDir)
  const near = await canReach(who, dataDir)
  const dir = near ? link : await createFarAway(dataDir)
  try {
    if (near) await mkdir(dir, { mode: 0o700 })
    else await symlink(dir, link)
    if (who.uid !== undefined) await chmod(dir, 0o711)
  } catch (error) {
    if (!near) await rm(dir, { recursive: true })
    if (codeOf(error) !== 'EEXIST') throw error // else another process was faster: use what it made
  }
  return homeAt(await realpath(link))
}

async function createFarAway(dataDir: string): Promise<string> {
  // Modes are set, not only asked for, because root's umask may be strict.
  if ((await mkdir(systemDir, { recursive: true })) !== undefined) await chmod(systemDir, 0o755)
  const dir = await mkdtemp(join(systemDir, 'data-'))
  await chmod(dir, 0o711)
  await writeFile(join(dir, 'belongs-to'), `${await realpath(dataDir)}\n`)
  return dir
}

function homeAt(dir: string): Home {
  return {
    dir,
    cluster: join(dir, 'cluster'),
    sockets: join(dir, 'sockets'),
    log: join(dir, 'server.log'),
    hba: join(dir, 'pg_hba.conf'),
    ident: join(dir, 'pg_ident.conf'),
    password: join(dir, 'password')
  }
}
