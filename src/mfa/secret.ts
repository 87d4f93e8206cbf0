import { keyIdOf } from '../base/crypto/derive.js'
import { newTotpSecret } from '../base/crypto/random.js'
import { seal, UnsealError, unseal } from '../base/crypto/seal.js'
import { Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'

/** A secret as tables hold it: sealed under a key of `SECRET_KEY` and bound to its account. */
export type SealedSecret = {
  readonly sealedSecret: Uint8Array<ArrayBuffer>
  readonly keyId: string
}

type Keys = Pick<Deps, 'totpKeys'>

/** Draws a secret for an account. */
export function newSecret(deps: Keys, userId: string): SealedSecret & { readonly secret: Buffer } {
  const secret = newTotpSecret()
  return { secret, ...sealSecret(deps, secret, userId) }
}

/** Seals a secret under the current key. */
export function sealSecret({ totpKeys }: Keys, secret: Buffer, userId: string): SealedSecret {
  const sealedSecret = Uint8Array.from(seal(totpKeys, secret, userId))
  return { sealedSecret, keyId: keyIdOf(totpKeys.current) }
}

/**
 * Opens a secret. One that cannot be opened lets nobody in (MFA-18): not an account without a factor,
 * but a fault that its operator has to hear of.
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
      'the secret of an authenticator app cannot be opened: it was sealed under a SECRET_KEY that is neither this one nor in SECRET_KEY_FALLBACKS, or the row is another account’s; its codes are refused until that is mended'
    )
    throw new Problem('unavailable', { params: { seconds: 60 }, retryAfter: 60, cause })
  }
}
