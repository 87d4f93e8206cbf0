import { once } from 'node:events'
import { chmod, chown, link, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { userInfo } from 'node:os'
import { newJti } from '../../crypto/random.js'
import { codeOf } from './error.js'
import { type Home, socketDirectory } from './home.js'
import type { Identity } from './identity.js'

/** How clients get in: the settings the server starts with, and the password if one is needed. */
export type ServerSocket = {
  readonly settings: Readonly<Record<string, string>>
  readonly login: { readonly password?: string }
  /** Removes what was made outside DATA_DIR. */
  readonly dismantle: () => Promise<void>
}

/**
 * A Unix socket in a private directory, where the kernel tells the server who calls: only the
 * server's user, root and we get in, without a password that could leak.
 */
export async function unixSocket(home: Home, who: Identity): Promise<ServerSocket> {
  await replaceFile(home.hba, 'local all all peer map=postern\n')
  const names = new Set(['root', who.name, userInfo().username])
  await replaceFile(home.ident, [...names].map(name => `postern "${name}" all\n`).join(''))
  const directory = await socketDirectory(home, who)
  return {
    settings: {
      listen_addresses: '',
      // A list to PostgreSQL; the quotes keep a comma in a path from dividing it.
      unix_socket_directories: `"${directory.replaceAll('"', '""')}"`,
      unix_socket_permissions: '0700',
      port: '5432'
    },
    login: {},
    dismantle: async () => {
      if (directory !== home.sockets) await rmdir(directory)
    }
  }
}

/** Where there are no Unix sockets: the loopback address, and a password that is in no one's head. */
export async function loopbackSocket(home: Home, who: Identity): Promise<ServerSocket> {
  await replaceFile(home.hba, 'host all all 127.0.0.1/32 scram-sha-256\n')
  await replaceFile(home.ident, '')
  return {
    settings: {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      port: String(await freePort())
    },
    login: await drawPassword(home, who),
    dismantle: async () => undefined
  }
}

/** The password, where one is needed. */
export async function readPassword(home: Home): Promise<ServerSocket['login']> {
  try {
    return { password: (await readFile(home.password, 'utf8')).trim() }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return {}
    throw error
  }
}

async function drawPassword(home: Home, { uid, gid }: Identity): Promise<ServerSocket['login']> {
  const draft = `${home.password}.${newJti()}`
  await writeFile(draft, `${newJti()}\n`, { mode: 0o600 })
  if (uid !== undefined && gid !== undefined) await chown(draft, uid, gid) // initdb reads it
  // Linking fails if the file exists: of two first starts, one draws the password for both.
  await link(draft, home.password).catch(error => {
    if (codeOf(error) !== 'EEXIST') throw error
  })
  await rm(draft)
  return readPassword(home)
}

/** Whole or not at all: a server that starts at this moment reads the old text or the new. */
async function replaceFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${newJti()}`
  await writeFile(draft, text)
  await chmod(draft, 0o644) // whatever our umask: the server's user reads it
  await rename(draft, path)
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  await new Promise(resolve => probe.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}
