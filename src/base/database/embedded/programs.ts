import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { access, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { newJti } from '../../crypto/random.js'
import { type Binaries, program } from './binaries.js'
import { codeOf, EmbeddedDatabaseError, useOwnServer } from './error.js'
import { type Home, makeFor } from './home.js'
import type { Identity } from './identity.js'

/** The programs, the user that runs them, and the files of the database. */
export type Installation = {
  readonly binaries: Binaries
  readonly user: Identity
  readonly home: Home
}

/** The superuser of the cluster. The service connects as another role without these rights. */
export const superuser = 'postgres'

/** Whether the cluster exists. It is complete if it does: see {@link initialise}. */
export async function isInitialised({ cluster }: Home): Promise<boolean> {
  return access(join(cluster, 'PG_VERSION')).then(
    () => true,
    error => {
      if (codeOf(error) === 'ENOENT') return false
      throw error
    }
  )
}

/**
 * Creates the cluster under a temporary name and renames it at the end: an interruption leaves no
 * incomplete cluster, and of two processes that do this at once the second uses the first one's.
 */
export async function initialise(at: Installation, passwordFile?: string): Promise<void> {
  const unfinished = `${at.home.cluster}.${newJti()}`
  try {
    await makeFor(at.user, unfinished)
    const { code, output } = await run(at, 'initdb', [
      `--pgdata=${unfinished}`,
      `--username=${superuser}`,
      '--encoding=UTF8',
      '--locale=C',
      '--auth-local=peer',
      '--auth-host=scram-sha-256',
      '--no-instructions',
      ...(passwordFile === undefined ? [] : [`--pwfile=${passwordFile}`])
    ])
    if (code !== 0) throw new EmbeddedDatabaseError(`PostgreSQL cannot create its files. ${output}`)
    await rename(unfinished, at.home.cluster)
    await makeDurable(at.home.dir)
  } catch (error) {
    if (!(await isInitialised(at.home))) throw error
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
}

// The programs get no variables of this process: PG* variables would change their behaviour, and
// another user may read the environment of the server, which must not contain secrets.
export const environment = { PATH: '/usr/bin:/bin', LC_ALL: 'C' }

/** The path of a program. */
export const path = ({ binaries }: Installation, name: string) => join(binaries.bin, program(name))

/** The user and the working directory of a program. */
export function surroundings({ user: { uid, gid }, home }: Installation) {
  // The server's user may have no access to the current directory.
  return { cwd: home.dir, ...(uid !== undefined && gid !== undefined && { uid, gid }) }
}

/** Runs a program and waits for its end. */
export async function run(at: Installation, name: string, args: string[]) {
  const child = spawn(path(at, name), args, {
    ...surroundings(at),
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe']
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', text => {
      output += text
    })
  }
  try {
    const [code] = await once(child, 'close')
    return { code, output: output.trim() }
  } catch (error) {
    throw cannotRun(at, error)
  }
}

/** The reason why an existing program does not start. */
export function cannotRun({ user, home, binaries }: Installation, cause: unknown) {
  if (!existsSync(home.dir)) return new EmbeddedDatabaseError(`${home.dir} was removed.`, { cause })
  // The program exists; ENOENT means that its dynamic loader is missing.
  const reason =
    codeOf(cause) === 'ENOENT'
      ? 'they need glibc, which this system (musl, as in Alpine?) does not have'
      : `the system says ${codeOf(cause)} for user "${user.name}"`
  return new EmbeddedDatabaseError(
    `The PostgreSQL programs in ${binaries.bin} do not run here: ${reason}. ${useOwnServer}`,
    { cause }
  )
}

async function makeDurable(dir: string): Promise<void> {
  if (process.platform === 'win32') return // directories cannot be opened there
  const handle = await open(dir)
  await handle.sync().finally(() => handle.close())
}
