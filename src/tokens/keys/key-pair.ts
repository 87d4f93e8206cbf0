import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject
} from 'node:crypto'
import { createSigner, createVerifier } from 'fast-jwt'
import { type Jws, pinHeader } from '../jws.js'

export type Algorithm = 'ES256' | 'EdDSA' | 'RS256'

/** A public key in the JWKS (RFC 7517). */
export type PublicJwk = JsonWebKey & {
  readonly kid: string
  readonly alg: Algorithm
  readonly use: 'sig'
}

/** A new private key for the algorithm. */
export function generatePrivateKey(algorithm: Algorithm): KeyObject {
  const pair = {
    ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    EdDSA: () => generateKeyPairSync('ed25519'),
    RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 })
  }
  return pair[algorithm]().privateKey
}

/** The algorithm for a private key, or null if the key fits no supported algorithm. */
export function algorithmOf(key: KeyObject): Algorithm | null {
  const details = key.asymmetricKeyDetails
  if (key.asymmetricKeyType === 'ec' && details?.namedCurve === 'prime256v1') return 'ES256'
  if (key.asymmetricKeyType === 'ed25519') return 'EdDSA'
  if (key.asymmetricKeyType === 'rsa' && (details?.modulusLength ?? 0) >= 2048) return 'RS256'
  return null
}

/** The public key, with its thumbprint (RFC 7638) as `kid`. */
export function publicJwk(privateKey: KeyObject, algorithm: Algorithm): PublicJwk {
  const jwk = createPublicKey(privateKey).export({ format: 'jwk' })
  const { crv, e, kty, n, x, y } = jwk
  // RFC 7638: the required members in lexicographic order.
  const canonical = kty === 'RSA' ? { e, kty, n } : { crv, kty, x, y }
  const kid = createHash('sha256').update(JSON.stringify(canonical)).digest('base64url')
  return { ...jwk, kid, alg: algorithm, use: 'sig' }
}

/** Signs and verifies access tokens with one key pair: `typ: at+jwt` (RFC 9068 §2.1). The key ring remembers what was verified. */
export function accessTokenJws(privateKey: KeyObject, jwk: PublicJwk): Jws {
  const algorithm = jwk.alg
  const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const key = String(createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }))
  return pinHeader(
    createSigner({ key: pem, algorithm, kid: jwk.kid, header: { alg: algorithm, typ: 'at+jwt' } }),
    createVerifier({
      key,
      algorithms: [algorithm],
      cache: false,
      ignoreExpiration: true,
      ignoreNotBefore: true
    })
  )
}

/** Reads a private key from PEM or PKCS #8 bytes. */
export function readPrivateKey(key: string | Buffer): KeyObject {
  return typeof key === 'string'
    ? createPrivateKey(key)
    : createPrivateKey({ key, format: 'der', type: 'pkcs8' })
}
