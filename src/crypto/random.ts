import { randomBytes, randomUUID } from 'node:crypto'
import { uuidv7obj } from 'uuidv7'

/** A UUID v7 (RFC 9562): identifiers of rows, in the order of their making. */
export const newId = (): string => uuidv7obj().toString()

/** A UUID v4 (RFC 9562): 122 random bits, for what must not be guessed or ordered. */
export const newJti = (): string => randomUUID()

/** 384 bits as text, for a secret key that nobody typed. */
export const newSecretKey = (): string => randomBytes(48).toString('base64')
