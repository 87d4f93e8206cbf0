import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { ServerSocket } from './access.js'
import { readable } from './error.js'
import { own } from './ownership.js'
import type { Installation } from './programs.js'
import { stop } from './server.js'
import { urlOf } from './session.js'

/** Owns the server until `close`, and starts it again if it ends before. */
export async function supervise(
  at: Installation,
  socket: ServerSocket,
  onProgress: (message: string) => void
): Promise<{ readonly url: string; close(): Promise<void> }> {
  const closing = new AbortController()
  let owned = await own(at, socket, closing.signal)
  let recovery: Promise<void> | undefined

  const recover = async () => {
    onProgress('The embedded database stopped unexpectedly; starting it again …')
    owned.guard?.kill('SIGKILL') // another process may get the pid that it would stop
    for (let delay = 100; !closing.signal.aborted; delay = Math.min(delay * 2, 5_000)) {
      try {
        owned = await own(at, socket, closing.signal)
        owned.session.once('end', onEnd)
        return onProgress('The embedded database is back.')
      } catch (error) {
        if (closing.signal.aborted) return
        onProgress(readable(error, at.home.dir).message)
        await pause(delay, undefined, { signal: closing.signal }).catch(() => undefined)
      }
    }
  }
  const onEnd = () => {
    if (!closing.signal.aborted) recovery = recover()
  }
  owned.session.once('end', onEnd)
  await removeLeftovers(at)

  const close = async () => {
    closing.abort()
    await recovery
    try {
      await stop(at)
      owned.guard?.kill('SIGKILL')
    } catch (error) {
      owned.guard?.stdin?.end() // the guard can stop the server without its files and programs
      throw readable(error, at.home.dir)
    }
    await owned.session.end()
    await socket.remove()
  }
  let closed: Promise<void> | undefined
  return {
    url: urlOf(owned.address),
    close: () => {
      closed ??= close()
      return closed
    }
  }
}

/** Removes files of interrupted starts and earlier versions. Only the owner of the server does this. */
async function removeLeftovers({ home, binaries }: Installation): Promise<void> {
  for (const name of await readdir(home.dir)) {
    const leftover = name.startsWith('cluster.') || name.startsWith('postgresql-')
    const path = join(home.dir, name)
    if (!leftover || binaries.bin.startsWith(path)) continue
    // Another start may still write there. The next start removes it.
    await rm(path, { recursive: true, force: true }).catch(() => undefined)
  }
}
