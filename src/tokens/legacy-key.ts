import { createPublicKey, type KeyObject } from 'node:crypto'
import { createVerifier } from 'fast-jwt'
import { keyedDigest } from '../base/crypto/digest.js'
import { reseal, seal, UnsealError, unseal } from '../base/crypto/seal.js'
import type { Database, Statements } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'
import type { Deps } from '../deps.js'

type Algorithms = (
  | 'HS256'
  | 'HS384'
  | 'HS512'
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'
)[]

/** The key with which an earlier installation's tokens are verified, and its algorithms. */
export type LegacyKey = { readonly material: string; readonly algorithms: Algorithms }

/**
 * Reads the verifying key of an earlier installation: a public key in PEM, or an HMAC secret of at least 16
 * characters on one line. The kind of key decides the algorithms, so that a public key is never taken as a secret
 * (RFC 8725 §3.1). Null for another text.
 */
export function readLegacyKey(text: string): LegacyKey | null {
  if (!text.includes('-----BEGIN')) {
    const secret = text.trim()
    return secret.length < 16 || /[\r\n]/.test(secret) || isPublicKeyElsewhere(secret)
      ? null
      : { material: secret, algorithms: ['HS256', 'HS384', 'HS512'] }
  }
  let key: KeyObject
  try {
    key = createPublicKey(text)
  } catch {
    return null
  }
  const algorithms = algorithmsOf(key)
  // Of a private key only the public half is kept.
  const material = String(key.export({ type: 'spki', format: 'pem' }))
  return algorithms === null ? null : { material, algorithms }
}

/** Whether this line is a public key for SSH, as JWK or as bare DER: as a secret, everybody would know it. */
function isPublicKeyElsewhere(line: string): boolean {
  if (/^(ssh|ecdsa|sk)-\S+ AAAA|^\{.*"kty"/.test(line)) return true
  try {
    createPublicKey({ key: Buffer.from(line, 'base64'), format: 'der', type: 'spki' })
    return true
  } catch {
    return false
  }
}

/** Null for a key that RFC 7518 does not have, or finds too short (§3.3). */
function algorithmsOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): Algorithms | null {
  const { modulusLength = 0, namedCurve = '' } = asymmetricKeyDetails ?? {}
  switch (asymmetricKeyType) {
    case 'rsa':
      return modulusLength < 2048 ? null : ['RS256', 'RS384', 'RS512']
    case 'ec':
      return curves.get(namedCurve) ?? null
    case 'ed25519':
      return ['EdDSA']
    default:
      return null
  }
}

const curves: ReadonlyMap<string, Algorithms> = new Map([
  ['prime256v1', ['ES256']],
  ['secp384r1', ['ES384']],
  ['secp521r1', ['ES512']]
])

/**
 * Stores a key, sealed, until `expiresAt`; a known one is kept that much longer. Returns its id. It belongs
 * into each transaction that stores sessions of the key: the update makes {@link dropLegacyKeys} wait.
 */
export async function keepLegacyKey(
  tx: Statements,
  { legacyKeys }: Pick<Deps, 'legacyKeys'>,
  { material }: LegacyKey,
  expiresAt: Date
): Promise<string> {
  const id = keyedDigest(legacyKeys.current, material)
  const sealed = Uint8Array.from(seal(legacyKeys, Buffer.from(material), id))
  await tx.run(
    'keep-legacy-key',
    sql`
    INSERT INTO "LegacyKey" ("id", "sealedKey", "createdAt", "expiresAt")
    VALUES (${id}::text, ${sealed}::bytea, now(), ${expiresAt}::timestamptz)
    ON CONFLICT ("id") DO UPDATE SET "expiresAt" = GREATEST("LegacyKey"."expiresAt", EXCLUDED."expiresAt")`
  )
  return id
}

/** Seals keys with the current `SECRET_KEY` that were sealed with an earlier one. */
export async function resealLegacyKeys({
  db,
  legacyKeys
}: Pick<Deps, 'db' | 'legacyKeys'>): Promise<void> {
  if (legacyKeys.earlier.length === 0) return
  for (const { id, sealedKey } of await db.prisma.legacyKey.findMany()) {
    const sealed = reseal(legacyKeys, sealedKey, id)
    if (sealed === null) continue
    await db.prisma.legacyKey.updateMany({ where: { id, sealedKey }, data: { sealedKey: sealed } })
  }
}

/** Removes the keys whose term is over, and those whose last session was exchanged or ended. */
export async function dropLegacyKeys(db: Database): Promise<number> {
  if ((await db.prisma.legacyKey.count()) === 0) return 0
  return db.transaction(async tx => {
    await tx.run('lock-legacy-keys', sql`SELECT "id" FROM "LegacyKey" FOR UPDATE`)
    // A separate statement, which sees the sessions of an import that held the lock.
    const rows = await tx.run(
      'drop-legacy-keys',
      sql`
      DELETE FROM "LegacyKey" k
      WHERE k."expiresAt" <= now() OR NOT EXISTS (SELECT FROM "LegacySession" l
        WHERE l."keyId" = k."id" AND l."tokenDigest" IS NULL AND l."endedAt" IS NULL AND l."expiresAt" > now())
      RETURNING 1`
    )
    return rows.length
  })
}

/** What a refresh token of an earlier installation says. */
export type LegacyToken = { readonly text: string; readonly jti: string; readonly exp: number }

const longestToken = 8192

/**
 * Finds the `jti` of a token that is not ours, without verifying it; null for a text that is no such token.
 * The row of that `jti` decides.
 */
export function nameLegacyToken(text: string): LegacyToken | null {
  const [header = '', payload = '', signature = '', ...more] = text.split('.', 4)
  if (text.length > longestToken || more.length > 0 || signature === '' || header === '')
    return null
  const { jti, exp } = parse(payload)
  const hex = typeof jti === 'string' ? jti.replaceAll('-', '') : ''
  if (!/^[0-9a-f]{32}$/.test(hex) || typeof exp !== 'number') return null
  return { text, exp, jti: hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5') }
}

function parse(segment: string): { readonly jti?: unknown; readonly exp?: unknown } {
  try {
    const value = JSON.parse(Buffer.from(segment, 'base64url').toString())
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

/** The claims that an exchange needs. */
export type LegacyClaims = {
  readonly userId: string
  readonly session: string
  readonly signedInAt: Date
}

type SealedKey = { readonly id: string; readonly sealedKey: Uint8Array }

function openKey(
  { legacyKeys, log }: Pick<Deps, 'legacyKeys' | 'log'>,
  { id, sealedKey }: SealedKey
): LegacyKey | null {
  try {
    return readLegacyKey(unseal(legacyKeys, sealedKey, id).toString())
  } catch (error) {
    if (!(error instanceof UnsealError)) throw error
    log.error(
      { event: 'session.old_key_unreadable' },
      'the key of imported sessions cannot be decrypted: its SECRET_KEY is neither the current one nor in SECRET_KEY_FALLBACKS; such sessions are refused'
    )
    return null
  }
}

/**
 * Verifies a refresh token with the sealed key of its row. Null when signature, `exp`, type or a claim is not
 * valid; an access token is not.
 */
export function verifyLegacyToken(
  deps: Pick<Deps, 'legacyKeys' | 'clock' | 'log'>,
  { text }: LegacyToken,
  sealed: SealedKey
): LegacyClaims | null {
  const key = openKey(deps, sealed)
  if (key === null) return null
  const { material, algorithms } = key
  const verify = createVerifier({
    key: material,
    algorithms,
    cache: false,
    clockTimestamp: deps.clock().getTime()
  })
  let claims: Record<string, unknown>
  try {
    claims = verify(text) as Record<string, unknown>
  } catch {
    return null
  }
  const { token_type, exp, user_id, session, session_iat, iat } = claims
  const signedIn = session_iat ?? iat
  if (token_type !== 'refresh' || typeof exp !== 'number' || typeof session !== 'string')
    return null
  if (typeof signedIn !== 'number' || (typeof user_id !== 'string' && typeof user_id !== 'number'))
    return null
  return { userId: String(user_id), session, signedInAt: new Date(signedIn * 1000) }
}
