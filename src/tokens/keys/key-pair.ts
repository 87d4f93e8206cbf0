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

/** A public key as the JWKS shows it (RFC 7517). */
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

/** The algorithm a private key signs with, or null where it fits none of ours. */
export function algorithmOf(key: KeyObject): Algorithm | null {
  const details = key.asymmetricKeyDetails
  if (key.asymmetricKeyType === 'ec' && details?.namedCurve === 'prime256v1') return 'ES256'
  if (key.asymmetricKeyType === 'ed25519') return 'EdDSA'
  if (key.asymmetricKeyType === 'rsa' && (details?.modulusLength ?? 0) >= 2048) return 'RS256'
  return null
}

/** The public half, with its RFC 7638 thumbprint as `kid`. */
export function publicJwk(privateKey: KeyObject, algorithm: Algorithm): PublicJwk {
  const jwk = createPublicKey(privateKey).export({ format: 'jwk' })
  const { crv, e, kty, n, x, y } = jwk
  // The required members in lexicographic order; JSON leaves the absent ones out.
  const canonical = kty === 'RSA' ? { e, kty, n } : { crv, kty, x, y }
  const kid = createHash('sha256').update(JSON.stringify(canonical)).digest('base64url')
  return { ...jwk, kid, alg: algorithm, use: 'sig' }
}

/** Access tokens under one key pair: `typ: at+jwt` (RFC 9068 §2.1), `kid` named, no cache (JWT-11). */
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
