import {
  createCipheriv,
  createDecipheriv,
  randomBytes,
  type ScryptOptions,
  scrypt,
  timingSafeEqual
} from 'node:crypto'
import { promisify } from 'node:util'
import { keyedDigest } from './digest.js'

/** A sealed stream cannot be opened. */
export class SealedStreamError extends Error {
  readonly reason: 'passphrase' | 'truncated' | 'changed'

  constructor(reason: SealedStreamError['reason']) {
    super(`the stream cannot be opened: ${reason}`)
    this.name = 'SealedStreamError'
    this.reason = reason
  }
}

/** What a reader needs beside the passphrase; nothing of it is secret. */
export type Lock = { readonly salt: string; readonly check: string }

// 128 MiB and about half a second for each guess.
const cost: ScryptOptions = { N: 2 ** 17, r: 8, p: 1, maxmem: 2 ** 28 }
const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt)

const chunkBytes = 64 * 1024
const tagBytes = 16
const frameBytes = 5

async function keyOf(passphrase: string, salt: Buffer): Promise<{ key: Buffer; check: string }> {
  const bytes = await derive(passphrase.normalize('NFC'), salt, 64, cost)
  return { key: bytes.subarray(0, 32), check: keyedDigest(bytes.subarray(32), 'passphrase') }
}

/** Draws a salt, and derives a key that is used for one stream only. */
export async function newStreamKey(passphrase: string): Promise<{ key: Buffer; lock: Lock }> {
  const salt = randomBytes(16)
  const { key, check } = await keyOf(passphrase, salt)
  return { key, lock: { salt: salt.toString('base64'), check } }
}

/** The key of a stream. @throws {SealedStreamError} if the passphrase is another one. */
export async function openStreamKey(passphrase: string, lock: Lock): Promise<Buffer> {
  const { key, check } = await keyOf(passphrase, Buffer.from(lock.salt, 'base64'))
  const [mine, theirs] = [Buffer.from(check), Buffer.from(lock.check)]
  if (mine.length === theirs.length && timingSafeEqual(mine, theirs)) return key
  throw new SealedStreamError('passphrase')
}

/** The number of a chunk, and whether it is the last: no chunk can be moved, left out or added. */
function nonceOf(number: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUIntBE(number, 5, 6)
  nonce[11] = isLast ? 1 : 0
  return nonce
}

/**
 * Encrypts a stream in chunks with AES-256-GCM, each of which is checked before it is used. `header` is
 * authenticated with them.
 */
export async function* sealStream(
  source: AsyncIterable<Buffer>,
  key: Buffer,
  header: string
): AsyncGenerator<Buffer> {
  let number = 0
  const seal = (plain: Buffer, isLast: boolean) => {
    const cipher = createCipheriv('aes-256-gcm', key, nonceOf(number++, isLast))
    cipher.setAAD(Buffer.from(header))
    const frame = Buffer.alloc(frameBytes)
    frame[0] = isLast ? 1 : 0
    frame.writeUInt32BE(plain.length, 1)
    return Buffer.concat([frame, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  }
  let waiting = Buffer.alloc(0)
  for await (const part of source) {
    waiting = Buffer.concat([waiting, part])
    while (waiting.length > chunkBytes) {
      yield seal(waiting.subarray(0, chunkBytes), false)
      waiting = waiting.subarray(chunkBytes)
    }
  }
  yield seal(waiting, true)
}

/** Decrypts what {@link sealStream} made. @throws {SealedStreamError} */
export async function* openStream(
  source: AsyncIterable<Buffer>,
  key: Buffer,
  header: string
): AsyncGenerator<Buffer> {
  let number = 0
  let ended = false
  let waiting = Buffer.alloc(0)
  for await (const part of source) {
    if (ended) throw new SealedStreamError('changed')
    waiting = Buffer.concat([waiting, part])
    while (waiting.length >= frameBytes) {
      const length = waiting.readUInt32BE(1)
      if (length > chunkBytes || ended) throw new SealedStreamError('changed')
      const end = frameBytes + length + tagBytes
      if (waiting.length < end) break
      ended = waiting[0] === 1
      yield open(waiting.subarray(frameBytes, end), key, nonceOf(number++, ended), header)
      waiting = waiting.subarray(end)
    }
  }
  if (!ended || waiting.length > 0) throw new SealedStreamError(ended ? 'changed' : 'truncated')
}

function open(sealed: Buffer, key: Buffer, nonce: Buffer, header: string): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce)
  decipher.setAAD(Buffer.from(header))
  decipher.setAuthTag(sealed.subarray(-tagBytes))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, -tagBytes)), decipher.final()])
  } catch {
    throw new SealedStreamError('changed')
  }
}
