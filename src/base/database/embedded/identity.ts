import { constants } from 'node:fs'
import { readFile, realpath, stat } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { dirname } from 'node:path'
import { EmbeddedDatabaseError, useOwnServer } from './error.js'

/** The operating system user of PostgreSQL. `uid` and `gid` are absent for the user of this process. */
export type Identity = {
  readonly name: string
  readonly uid?: number
  readonly gid?: number
}

/** Users without rights, in order of preference. */
const unprivileged = ['postgres', '_postgres', 'nobody']

/**
 * The user of this process. If that is root, as which PostgreSQL does not run: the owner of the
 * cluster, or else the first existing user of {@link unprivileged}.
 */
export async function serverIdentity(clusterDir: string): Promise<Identity> {
  if (process.getuid?.() !== 0) return { name: ownName() }
  const users = await readUsers()
  const owner = await stat(clusterDir).catch(() => undefined)
  if (owner !== undefined && owner.uid !== 0) {
    const name = users.find(({ uid }) => uid === owner.uid)?.name ?? String(owner.uid)
    return { name, uid: owner.uid, gid: owner.gid }
  }
  for (const name of unprivileged) {
    const user = users.find(candidate => candidate.name === name)
    if (user !== undefined) return user
  }
  throw new EmbeddedDatabaseError(
    'PostgreSQL refuses to run as root, and this system has no user "postgres" or "nobody" to run ' +
      `it as. Start Postern as an ordinary user. ${useOwnServer}`
  )
}

/** Whether the modes of all directories above let the user access this path. Access lists are ignored. */
export async function canAccess({ uid, gid }: Identity, path: string): Promise<boolean> {
  if (uid === undefined) return true
  for (let at = await realpath(path); ; at = dirname(at)) {
    const entry = await stat(at)
    const { S_IXUSR, S_IXGRP, S_IXOTH } = constants
    const bit = entry.uid === uid ? S_IXUSR : entry.gid === gid ? S_IXGRP : S_IXOTH
    if ((entry.mode & bit) === 0) return false
    if (at === dirname(at)) return true
  }
}

function ownName(): string {
  try {
    return userInfo().username
  } catch (cause) {
    throw new EmbeddedDatabaseError(
      `PostgreSQL refuses to run as user ${process.getuid?.()}, which has no entry in /etc/passwd. ` +
        `Give the user one. ${useOwnServer}`,
      { cause }
    )
  }
}

async function readUsers(): Promise<Required<Identity>[]> {
  const text = await readFile('/etc/passwd', 'utf8').catch(() => '')
  const users = text.split('\n').map(line => {
    const [name = '', , uid, gid] = line.split(':')
    return { name, uid: Number(uid), gid: Number(gid) }
  })
  return users.filter(
    ({ name, uid, gid }) => name !== '' && uid !== 0 && Number.isInteger(uid + gid)
  )
}
