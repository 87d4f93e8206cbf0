import { createHmac, hkdfSync, type KeyObject, sign } from 'node:crypto'

/** A part of a token: taken as JSON text, or as an object to be made into one. */
type Part = string | object

const encode = (part: Part): string =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')

/** A compact JWS with whatever in it, signed by whatever: what no library would make. */
export function forge(
  header: Part,
  payload: Part,
  signature: (input: Buffer) => Buffer | string
): string {
  const input = `${encode(header)}.${encode(payload)}`
  return `${input}.${Buffer.from(signature(Buffer.from(input))).toString('base64url')}`
}

export const byKey = (key: KeyObject) => (input: Buffer) =>
  key.asymmetricKeyType === 'ed25519'
    ? sign(null, input, key)
    : sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' })

export const bySecret =
  (secret: string | Buffer, hash = 'sha256') =>
  (input: Buffer) =>
    createHmac(hash, secret).update(input).digest()

export const unsigned = () => ''

/** The key of one purpose, derived as the documentation says: HKDF-SHA-256 from `SECRET_KEY`. */
export const derivedKey = (secret: string, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, 'postern', `postern/${purpose}/1`, 32))

/** The first part of a token, read. */
export const headerOf = (token: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())
