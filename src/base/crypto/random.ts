import { randomBytes, randomUUID } from 'node:crypto'
import { uuidv7obj } from 'uuidv7'

/** A UUID v7 (RFC 9562): an identifier of a row, ordered by creation time. */
export const newId = (): string => uuidv7obj().toString()

/** A UUID v4 (RFC 9562): 122 random bits, for values that must not be guessable or ordered. */
export const newJti = (): string => randomUUID()

/** 384 bits in base64: a generated `SECRET_KEY`. */
export const newSecretKey = (): string => randomBytes(48).toString('base64')

/** 256 bits in base64url: the secret of a mailed link. */
export const newLinkToken = (): string => randomBytes(32).toString('base64url')

// 32 letters and digits that look different from each other: five bits of a byte select one.
const codeAlphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'

const newLetters = (count: number): string =>
  Array.from(randomBytes(count), byte => codeAlphabet[byte & 31]).join('')

/** 40 bits in eight letters: a code to type. A budget limits the attempts to guess it. */
export const newCode = (): string => newLetters(8)

/** 160 bits: the secret of an authenticator app (RFC 4226 §4, requirement R6). */
export const newTotpSecret = (): Buffer => randomBytes(20)

/** 256 bits in base64url: the token of a client between the password and the second factor. */
export const newChallengeToken = (): string => randomBytes(32).toString('base64url')

/** 80 bits in sixteen letters: a recovery code. */
export const newRecoveryCode = (): string => newLetters(16)

/** 128 bits: the salt of a password hash (RFC 9106 §3.1). */
export const newSalt = (): Buffer => randomBytes(16)
