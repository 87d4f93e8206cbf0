import { hkdfSync } from 'node:crypto'
import { keyedDigest } from './digest.js'

/** The purpose of a key. Each purpose has its own key, so a value made for one is not valid for another. */
export type KeyPurpose =
  | 'refresh-token'
  | 'known-device'
  | 'known-device-accounts'
  | 'signing-keys'
  | 'attempt-budgets'
  | 'outbox'
  | 'link-codes'
  | 'totp'
  | 'recovery-codes'
  | 'legacy-keys'
  | 'form-answers'
  | 'shown-codes'
  | `flow-${string}`

/** Derives 256 bits for one purpose from the installation's secret with HKDF-SHA-256 (RFC 5869). */
export function deriveKey(secret: string, purpose: KeyPurpose): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, 'postern', `postern/${purpose}/1`, 32))
}

/** The keys of a purpose: from the current secret, and from earlier secrets. */
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

/** A short name of a key that does not reveal the key. A table stores it beside each sealed value. */
export const keyIdOf = (key: Buffer): string => keyedDigest(key, 'key id').slice(0, 12)
