import type { KeyChain } from '../base/crypto/derive.js'
import { seal, unseal } from '../base/crypto/seal.js'
import type { LinkSecret } from '../links/link.js'

/** Encrypts the secret of a mail's link for the outbox, bound to the id of the mail. */
export const sealLinkSecret = (keys: KeyChain, secret: LinkSecret, mailId: string): Buffer =>
  seal(keys, Buffer.from(JSON.stringify(secret)), mailId)

/** Decrypts a secret of {@link sealLinkSecret}. @throws {Error} if no key of the chain fits. */
export const unsealLinkSecret = (keys: KeyChain, sealed: Uint8Array, mailId: string): LinkSecret =>
  JSON.parse(unseal(keys, sealed, mailId).toString()) as LinkSecret
