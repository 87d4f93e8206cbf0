import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { ServerSocket } from './access.js'
import { readable } from './error.js'
import { own } from './ownership.js'
import type { Installation } from './programs.js'
import { stop } from './server.js'
import { urlOf } from './session.js'

/** A server that is ours, and will be again should it be lost, until it is closed. */
export type Supervised = { readonly url: string; close(): Promise<void> }

/** Owns the server until `close`, and gets it back whenever it is lost. */
export async function supervise(
  at: Installation,
  door: ServerSocket,
  onProgress: (message: string) => void
): Promise<Supervised> {
  const closing = new AbortController()
  let owned = await own(at, door, closing.signal)
  let recovery: Promise<void> | undefined

  const recover = async () => {
    onProgress('The embedded database stopped unexpectedly; starting it again …')
    owned.guard?.kill('SIGKILL') // it would aim at a number that is free to be given away
    for (let delay = 100; !closing.signal.aborted; delay = Math.min(delay * 2, 5_000)) {
      try {
        owned = await own(at, door, closing.signal)
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
  await sweep(at)

  const close = async () => {
    closing.abort()
    await recovery
    try {
      await stop(at)
      owned.guard?.kill('SIGKILL')
    } catch (error) {
      owned.guard?.stdin?.end() // it needs nothing of what may be missing: the files, the programs
      throw readable(error, at.home.dir)
    }
    await owned.session.end()
    await door.dismantle()
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

/** Removes what interrupted starts and earlier versions left; nobody else needs it while we own. */
async function sweep({ home, binaries }: Installation): Promise<void> {
  for (const name of await readdir(home.dir)) {
    const leftover = name.startsWith('cluster.') || name.startsWith('postgresql-')
    const path = join(home.dir, name)
    if (!leftover || binaries.bin.startsWith(path)) continue
    // A start that came too late may still be writing there: the next sweep takes that.
    await rm(path, { recursive: true, force: true }).catch(() => undefined)
  }
}
