import { hkdfSync } from 'node:crypto'
import { keyedDigest } from './digest.js'

/** What a key is for. One purpose, one key: a value made for one is noise to every other. */
export type KeyPurpose =
  | 'refresh-token'
  | 'known-device'
  | 'known-device-accounts'
  | 'signing-keys'
  | 'attempt-budgets'
  | 'outbox'
  | 'link-codes'
  | 'totp'
  | `flow-${string}`

/** 256 bits for one purpose, by HKDF-SHA-256 (RFC 5869) from the installation's secret. */
export function deriveKey(secret: string, purpose: KeyPurpose): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, 'postern', `postern/${purpose}/1`, 32))
}

/** The key of a purpose under the current secret, and under those it replaced. */
export type KeyChain = { readonly current: Buffer; readonly earlier: readonly Buffer[] }

/** {@link deriveKey} for `SECRET_KEY` and each of `SECRET_KEY_FALLBACKS`. */
export function deriveKeyChain(
  secrets: readonly [string, ...string[]],
  purpose: KeyPurpose
): KeyChain {
  const [current, ...earlier] = secrets
  return {
    current: deriveKey(current, purpose),
    earlier: earlier.map(secret => deriveKey(secret, purpose))
  }
}

/** A short name of a key that tells nothing of it: says in a table what a value was sealed under. */
export const keyIdOf = (key: Buffer): string => keyedDigest(key, 'key id').slice(0, 12)
