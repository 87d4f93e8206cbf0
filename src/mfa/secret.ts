import { keyIdOf } from '../base/crypto/derive.js'
import { newTotpSecret } from '../base/crypto/random.js'
import { seal, UnsealError, unseal } from '../base/crypto/seal.js'
import { Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'

/** A stored secret: encrypted with a key from `SECRET_KEY` and bound to its account. */
export type SealedSecret = {
  readonly sealedSecret: Uint8Array<ArrayBuffer>
  readonly keyId: string
}

type Keys = Pick<Deps, 'totpKeys'>

/** Generates a secret for an account. */
export function newSecret(deps: Keys, userId: string): SealedSecret & { readonly secret: Buffer } {
  const secret = newTotpSecret()
  return { secret, ...sealSecret(deps, secret, userId) }
}

/** Encrypts a secret with the current key. */
export function sealSecret({ totpKeys }: Keys, secret: Buffer, userId: string): SealedSecret {
  const sealedSecret = Uint8Array.from(seal(totpKeys, secret, userId))
  return { sealedSecret, keyId: keyIdOf(totpKeys.current) }
}

/**
 * Decrypts a secret. A failure is an error for the operator and blocks the sign-in; the account does not
 * count as one without a second factor (MFA-18).
 *
 * @throws {Problem} `unavailable`.
 */
export function openSecret(
  { totpKeys, log }: Keys & Pick<Deps, 'log'>,
  { sealedSecret }: Pick<SealedSecret, 'sealedSecret'>,
  userId: string
): Buffer {
  try {
    return unseal(totpKeys, sealedSecret, userId)
  } catch (cause) {
    if (!(cause instanceof UnsealError)) throw cause
    log.error(
      { event: 'mfa.secret_unreadable', userId },
      'the secret of an authenticator app cannot be decrypted: its SECRET_KEY is neither the current one nor in SECRET_KEY_FALLBACKS, or the row belongs to another account; codes are refused until this is repaired'
    )
    throw new Problem('unavailable', { params: { seconds: 60 }, retryAfter: 60, cause })
  }
}
