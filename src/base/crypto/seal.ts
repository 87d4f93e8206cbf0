import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { KeyChain } from './derive.js'

const ivLength = 12
const tagLength = 16

/** A sealed value could not be opened: the key is wrong, the owner is another one, or the value is damaged. */
export class UnsealError extends Error {
  constructor() {
    super(
      'A sealed value could not be opened under any key of SECRET_KEY and SECRET_KEY_FALLBACKS. Add the SECRET_KEY with which it was sealed to SECRET_KEY_FALLBACKS.'
    )
    this.name = 'UnsealError'
  }
}

/** Encrypts with AES-256-GCM (NIST SP 800-38D) and the current key. `owner` is the associated data. */
export function seal(keys: KeyChain, plain: Buffer, owner: string): Buffer {
  const iv = randomBytes(ivLength)
  const cipher = createCipheriv('aes-256-gcm', keys.current, iv).setAAD(Buffer.from(owner))
  return Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/**
 * Decrypts what {@link seal} encrypted for the same owner, with the current or an earlier key.
 *
 * @throws {UnsealError}
 */
export function unseal(keys: KeyChain, sealed: Uint8Array, owner: string): Buffer {
  const plain = openWith([keys.current, ...keys.earlier], sealed, owner)
  if (plain === null) throw new UnsealError()
  return plain
}

/** Which key opens a value: the current one or an earlier one; null: none does. */
export function sealedUnder(
  { current, earlier }: KeyChain,
  sealed: Uint8Array,
  owner: string
): 'current' | 'earlier' | null {
  if (openWith([current], sealed, owner) !== null) return 'current'
  return openWith(earlier, sealed, owner) === null ? null : 'earlier'
}

/**
 * Encrypts with the current key what {@link seal} encrypted with an earlier one. Null when the current key
 * opens the value already, and when no key does.
 */
export function reseal(
  keys: KeyChain,
  sealed: Uint8Array,
  owner: string
): Uint8Array<ArrayBuffer> | null {
  if (openWith([keys.current], sealed, owner) !== null) return null
  const plain = openWith(keys.earlier, sealed, owner)
  return plain && Uint8Array.from(seal(keys, plain, owner))
}

function openWith(keys: readonly Buffer[], sealed: Uint8Array, owner: string): Buffer | null {
  const bytes = Buffer.from(sealed)
  for (const key of keys) {
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivLength), {
        authTagLength: tagLength
      })
      decipher.setAAD(Buffer.from(owner)).setAuthTag(bytes.subarray(-tagLength))
      return Buffer.concat([
        decipher.update(bytes.subarray(ivLength, -tagLength)),
        decipher.final()
      ])
    } catch {
      // The tag does not match this key. The next key may match.
    }
  }
  return null
}
