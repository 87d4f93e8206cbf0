import { once } from 'node:events'
import { chmod, chown, link, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { userInfo } from 'node:os'
import { newJti } from '../../crypto/random.js'
import { codeOf } from './error.js'
import { type Home, socketDirectory } from './home.js'
import type { Identity } from './identity.js'

/** How clients connect: the settings of the server, and the password if one is needed. */
export type ServerSocket = {
  readonly settings: Readonly<Record<string, string>>
  readonly login: { readonly password?: string }
  /** Removes the directory that was made outside DATA_DIR. */
  readonly remove: () => Promise<void>
}

/**
 * A Unix socket in a private directory. The kernel tells the server the user of the client, so no
 * password is needed: only the server's user, root and the user of this process can connect.
 */
export async function unixSocket(home: Home, user: Identity): Promise<ServerSocket> {
  await replaceFile(home.hba, 'local all all peer map=postern\n')
  const names = new Set(['root', user.name, userInfo().username])
  await replaceFile(home.ident, [...names].map(name => `postern "${name}" all\n`).join(''))
  const directory = await socketDirectory(home, user)
  return {
    settings: {
      listen_addresses: '',
      // PostgreSQL reads a list here. The quotes protect a comma in the path.
      unix_socket_directories: `"${directory.replaceAll('"', '""')}"`,
      unix_socket_permissions: '0700',
      port: '5432'
    },
    login: {},
    remove: async () => {
      if (directory !== home.sockets) await rmdir(directory)
    }
  }
}

/** The loopback address and a generated password, for systems without Unix sockets. */
export async function loopbackSocket(home: Home, user: Identity): Promise<ServerSocket> {
  await replaceFile(home.hba, 'host all all 127.0.0.1/32 scram-sha-256\n')
  await replaceFile(home.ident, '')
  return {
    settings: {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      port: String(await freePort())
    },
    login: await createPassword(home, user),
    remove: async () => undefined
  }
}

/** The password of the superuser, if one is needed. */
export async function readPassword(home: Home): Promise<ServerSocket['login']> {
  try {
    return { password: (await readFile(home.password, 'utf8')).trim() }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return {}
    throw error
  }
}

async function createPassword(home: Home, { uid, gid }: Identity): Promise<ServerSocket['login']> {
  const draft = `${home.password}.${newJti()}`
  await writeFile(draft, `${newJti()}\n`, { mode: 0o600 })
  if (uid !== undefined && gid !== undefined) await chown(draft, uid, gid) // initdb reads it
  // Linking fails if the file exists. So two first starts use the same password.
  await link(draft, home.password).catch(error => {
    if (codeOf(error) !== 'EEXIST') throw error
  })
  await rm(draft)
  return readPassword(home)
}

/** Replaces a file in one step: a server that starts now reads the old or the new text. */
async function replaceFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${newJti()}`
  await writeFile(draft, text)
  await chmod(draft, 0o644) // the server's user must read it, also with a strict umask
  await rename(draft, path)
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  await new Promise(resolve => probe.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}
