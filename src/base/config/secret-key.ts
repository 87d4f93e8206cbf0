import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { newSecretKey } from '../crypto/random.js'

/**
 * The generated secret key of an installation without `SECRET_KEY`, in a file with mode 0600. The file
 * is linked when it is complete: no start reads half of it, and the first of two starts decides.
 */
export function readOrCreateSecretKey(dataDir: string): string {
  const path = join(dataDir, 'secret.key')
  const existing = readKey(path)
  if (existing !== null) return existing
  // The database of root runs as another user, who passes through this folder.
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700
  mkdirSync(dataDir, { recursive: true, mode })
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, `${newSecretKey()}\n`, { mode: 0o600, flush: true })
  try {
    linkSync(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(draft)
  }
  return readKey(path) as string
}

function readKey(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
