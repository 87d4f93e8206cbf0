import { randomBytes, randomUUID } from 'node:crypto'
import { uuidv7obj } from 'uuidv7'

/** A UUID v7 (RFC 9562): identifiers of rows, in the order of their making. */
export const newId = (): string => uuidv7obj().toString()

/** A UUID v4 (RFC 9562): 122 random bits, for what must not be guessed or ordered. */
export const newJti = (): string => randomUUID()

/** 384 bits as text, for a secret key that nobody typed. */
export const newSecretKey = (): string => randomBytes(48).toString('base64')

/** 256 bits in base64url: the secret of a mailed link. */
export const newLinkToken = (): string => randomBytes(32).toString('base64url')

// Letters and digits that are not taken for one another; 32 of them, so that each byte's low bits serve.
const codeAlphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'

/** 40 bits in eight letters to type, where a budget of attempts stands before them. */
export const newCode = (): string =>
  Array.from(randomBytes(8), byte => codeAlphabet[byte & 31]).join('')

/** 160 bits: the secret of an authenticator app (RFC 4226 §4, R6). */
export const newTotpSecret = (): Buffer => randomBytes(20)

/** 256 bits in base64url: what a client holds between the password and the second factor. */
export const newChallengeToken = (): string => randomBytes(32).toString('base64url')

/** 80 bits in sixteen letters to write down. */
export const newRecoveryCode = (): string =>
  Array.from(randomBytes(16), byte => codeAlphabet[byte & 31]).join('')
