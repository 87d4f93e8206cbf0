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

/** The programs, the user that runs them, the directory they work on. */
export type Installation = {
  readonly binaries: Binaries
  readonly who: Identity
  readonly home: Home
}

/** The superuser of the cluster; the service itself signs in as a role without such rights. */
export const superuser = 'postgres'

/** Whether the cluster is there; it is absent or complete, see {@link initialise}. */
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
 * Creates the cluster. It gets its name last, so that an interruption leaves none; of two
 * processes that do this at once, the second finds the first one's.
 */
export async function initialise(at: Installation, passwordFile?: string): Promise<void> {
  const unfinished = `${at.home.cluster}.${newJti()}`
  try {
    await makeFor(at.who, unfinished)
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

// Nothing of our environment: PG* variables would change the programs' behaviour, and secrets have
// no business in the memory of a process that another user may read.
export const environment = { PATH: '/usr/bin:/bin', LC_ALL: 'C' }

/** Where a program of the installation is. */
export const path = ({ binaries }: Installation, name: string) => join(binaries.bin, program(name))

/** The user and the directory to run a program with. */
export function surroundings({ who, home }: Installation) {
  const { uid, gid } = who
  // The current directory may be one that the server's user cannot enter.
  return { cwd: home.dir, ...(uid !== undefined && gid !== undefined && { uid, gid }) }
}

/** Runs a program to its end. */
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

/** Why a program that is there does not start. */
export function cannotRun({ who, home, binaries }: Installation, cause: unknown) {
  if (!existsSync(home.dir)) return new EmbeddedDatabaseError(`${home.dir} was removed.`, { cause })
  // The file is there; what is missing is the loader it was linked for.
  const reason =
    codeOf(cause) === 'ENOENT'
      ? 'they are made for systems with glibc, which this one (musl, as in Alpine?) is not'
      : `the system says ${codeOf(cause)} for user "${who.name}"`
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
