import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  symlink,
  writeFile
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { codeOf, EmbeddedDatabaseError } from './error.js'
import { canAccess, type Identity } from './identity.js'

// The directory for a database that root creates and an unprivileged user must access.
const systemDir = '/var/lib/postern'

// sockaddr_un holds 104 bytes on macOS and 108 on Linux, including the final zero.
const longestSocketPath = 103

/** The files of one embedded database. `cluster` and `sockets` belong to the server's user, the others to the service. */
export type Home = {
  readonly dir: string
  readonly cluster: string
  readonly sockets: string
  readonly log: string
  readonly hba: string
  readonly ident: string
  readonly password: string
}

/** The path in DATA_DIR: a directory, or a link to a directory below {@link systemDir}. */
export const homeLink = (dataDir: string) => join(dataDir, 'postgres')

/** The directory of the database, if there is one. Throws if the link points nowhere. */
export async function findHome(dataDir: string): Promise<Home | undefined> {
  const link = homeLink(dataDir)
  try {
    // Looked at first: another process may create a link meanwhile, and its directory is there before it.
    await lstat(link)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
  try {
    return homeAt(await realpath(link))
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    throw new EmbeddedDatabaseError(
      `${link} points to a directory that does not exist. Restore it, or remove the link to start ` +
        'with an empty database.'
    )
  }
}

/** Creates missing directories of the database where the server's user can access them. */
export async function prepareHome(dataDir: string, user: Identity): Promise<Home> {
  const shared = user.uid !== undefined
  // Root stays the owner: if the server's user owned the directory, it could place a link there and
  // redirect what the service writes. The server only needs to pass through.
  const created = await mkdir(dataDir, { recursive: true, mode: shared ? 0o711 : 0o700 })
  if (shared && created !== undefined) await chmod(dataDir, 0o711) // also with a strict umask
  const home = (await findHome(dataDir)) ?? (await createHome(dataDir, user))
  if (!(await canAccess(user, home.dir))) {
    throw new EmbeddedDatabaseError(
      `PostgreSQL runs as user "${user.name}", who cannot access ${home.dir}. Allow it to pass ` +
        'through the directories above (chmod o+x).'
    )
  }
  await makeFor(user, home.sockets)
  return home
}

/** A private directory whose path is short enough for a socket. */
export async function socketDirectory(home: Home, user: Identity): Promise<string> {
  if (Buffer.byteLength(join(home.sockets, '.s.PGSQL.5432')) <= longestSocketPath)
    return home.sockets
  const dir = await mkdtemp(join(tmpdir(), 'postern-'))
  if (user.uid !== undefined && user.gid !== undefined) await chown(dir, user.uid, user.gid)
  return dir
}

/** Creates a directory that only the server's user can open. */
export async function makeFor({ uid, gid }: Identity, dir: string): Promise<void> {
  await mkdir(dir, { mode: 0o700 }).catch(error => {
    if (codeOf(error) !== 'EEXIST') throw error
  })
  if (uid !== undefined && gid !== undefined) await chown(dir, uid, gid)
}

async function createHome(dataDir: string, user: Identity): Promise<Home> {
  const link = homeLink(dataDir)
  const near = await canAccess(user, dataDir)
  const dir = near ? link : await createInSystemDir(dataDir)
  try {
    if (near) await mkdir(dir, { mode: 0o700 })
    else await symlink(dir, link)
    if (user.uid !== undefined) await chmod(dir, 0o711)
  } catch (error) {
    if (!near) await rm(dir, { recursive: true })
    if (codeOf(error) !== 'EEXIST') throw error // otherwise another process has just created it
  }
  return homeAt(await realpath(link))
}

async function createInSystemDir(dataDir: string): Promise<string> {
  // mkdir applies root's umask, which may be strict; chmod does not.
  if ((await mkdir(systemDir, { recursive: true })) !== undefined) await chmod(systemDir, 0o755)
  const dir = await mkdtemp(join(systemDir, 'data-'))
  await chmod(dir, 0o711)
  await writeFile(join(dir, 'belongs-to'), `${await realpath(dataDir)}\n`)
  return dir
}

/** Directories of databases that were made for this DATA_DIR and that nothing leads to since it was deleted. */
export async function leftBehind(dataDir: string, { dir: used }: Home): Promise<string[]> {
  const place = await realpath(dataDir)
  const names = await readdir(systemDir).catch(() => [])
  const all = await Promise.all(
    names.map(async name => {
      const owner = await readFile(join(systemDir, name, 'belongs-to'), 'utf8').catch(() => '')
      return { dir: join(systemDir, name), owner: owner.trim() }
    })
  )
  return all.filter(({ dir, owner }) => owner === place && dir !== used).map(({ dir }) => dir)
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
