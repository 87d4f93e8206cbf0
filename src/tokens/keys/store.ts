import type { KeyObject } from 'node:crypto'
import type { Config } from '../../base/config/load.js'
import { deriveKeyChain } from '../../base/crypto/derive.js'
import { reseal, seal, sealedUnder, unseal } from '../../base/crypto/seal.js'
import type { Database } from '../../base/database/database.js'
import { type Algorithm, generatePrivateKey, publicJwk, readPrivateKey } from './key-pair.js'

export type StoredKey = {
  readonly state: 'next' | 'active' | 'retired'
  readonly algorithm: Algorithm
  readonly privateKey: KeyObject
}

type Secrets = Pick<Config, 'SECRET_KEY' | 'SECRET_KEY_FALLBACKS' | 'JWT_ALGORITHM'>

const sealingKeys = (secrets: Secrets) =>
  deriveKeyChain([secrets.SECRET_KEY, ...secrets.SECRET_KEY_FALLBACKS], 'signing-keys')

/** Loads and opens every key of the table. @throws {UnsealError} if they were sealed with another `SECRET_KEY`. */
export async function loadKeys(db: Database, secrets: Secrets): Promise<StoredKey[]> {
  const chain = sealingKeys(secrets)
  const rows = await db.prisma.signingKey.findMany({ orderBy: { createdAt: 'asc' } })
  return rows.map(row => ({
    state: row.state,
    algorithm: row.algorithm as Algorithm,
    privateKey: readPrivateKey(unseal(chain, row.privateKey, row.kid))
  }))
}

/** A key in the list for operators. */
export type ListedKey = {
  readonly kid: string
  readonly algorithm: string
  readonly state: StoredKey['state']
  readonly createdAt: Date
  readonly activatedAt: Date | null
  readonly retiredAt: Date | null
  /** The setting that opens it; null if no secret in the settings does. */
  readonly sealedUnder: 'SECRET_KEY' | 'SECRET_KEY_FALLBACKS' | null
}

const settings = { current: 'SECRET_KEY', earlier: 'SECRET_KEY_FALLBACKS' } as const

/** Every key of the table, oldest first, including keys that cannot be opened. */
export async function listSigningKeys(db: Database, secrets: Secrets): Promise<ListedKey[]> {
  const chain = sealingKeys(secrets)
  const rows = await db.prisma.signingKey.findMany({ orderBy: { createdAt: 'asc' } })
  return rows.map(({ privateKey, publicJwk: _, ...key }) => {
    const secret = sealedUnder(chain, privateKey, key.kid)
    return { ...key, sealedUnder: secret && settings[secret] }
  })
}

/** Runs `work` under an advisory lock: one instance works, and the others then see its result. */
async function exclusively<T>(db: Database, work: (tx: Database) => Promise<T>): Promise<T> {
  return db.transaction(async tx => {
    await tx.prisma
      .$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('postern.SigningKey', 0))`
    return work(tx)
  })
}

/** Creates the active and the next key of `JWT_ALGORITHM` if it has no active key. */
export async function createMissingKeys(
  db: Database,
  secrets: Secrets,
  now: Date
): Promise<StoredKey[]> {
  return exclusively(db, async tx => {
    const algorithm = secrets.JWT_ALGORITHM
    if ((await tx.prisma.signingKey.count({ where: { algorithm, state: 'active' } })) === 0) {
      await tx.prisma.signingKey.deleteMany({ where: { algorithm, state: 'next' } })
      await insertKey(tx, secrets, 'active', now)
      await insertKey(tx, secrets, 'next', now)
    }
    return loadKeys(tx, secrets)
  })
}

/** Seconds for which others may keep the key set: its `Cache-Control`. */
export const keySetMaxAge = 300
/** Running instances read the keys this often, so they publish a new one as late. */
const readEverySeconds = 60

/** When every verifier can have the next key of `JWT_ALGORITHM`; null without one. */
export async function nextKeyIsKnownFrom(
  db: Database,
  { JWT_ALGORITHM: algorithm }: Secrets
): Promise<Date | null> {
  const next = await db.prisma.signingKey.findFirst({
    where: { algorithm, state: 'next' },
    select: { createdAt: true }
  })
  if (next === null) return null
  return new Date(next.createdAt.getTime() + (readEverySeconds + keySetMaxAge) * 1000)
}

/**
 * Retires the active key of `JWT_ALGORITHM`, activates the next one and creates a new next one. Other
 * services already know the next key, because the JWKS has contained it since the last rotation.
 *
 * @param olderThan Only a key that was activated before this time is rotated. So of two instances that
 *   rotate at the same time only one does.
 * @returns whether a key was rotated.
 * @throws {UnsealError} if this process cannot open the next key: its `SECRET_KEY` differs from that of
 *   the service, so the service could not open new keys.
 */
export async function rotateSigningKeys(
  db: Database,
  secrets: Secrets,
  now: Date,
  olderThan = now
): Promise<boolean> {
  return exclusively(db, async tx => {
    const algorithm = secrets.JWT_ALGORITHM
    const next = await tx.prisma.signingKey.findFirst({ where: { algorithm, state: 'next' } })
    const { count } = await tx.prisma.signingKey.updateMany({
      where: { algorithm, state: 'active', activatedAt: { lt: olderThan } },
      data: { state: 'retired', retiredAt: now }
    })
    if (count === 0) return false
    if (next !== null) unseal(sealingKeys(secrets), next.privateKey, next.kid)
    await tx.prisma.signingKey.updateMany({
      where: { algorithm, state: 'next' },
      data: { state: 'active', activatedAt: now }
    })
    await insertKey(tx, secrets, 'next', now)
    return true
  })
}

/** Seals keys with the current `SECRET_KEY` that were sealed with an earlier one. */
export async function resealSigningKeys(db: Database, secrets: Secrets): Promise<void> {
  const chain = sealingKeys(secrets)
  if (chain.earlier.length === 0) return
  for (const { kid, privateKey } of await db.prisma.signingKey.findMany()) {
    // A key that cannot be opened must not stop the others; loadKeys reports it.
    const sealed = reseal(chain, privateKey, kid)
    if (sealed === null) continue
    await db.prisma.signingKey.updateMany({
      where: { kid, privateKey },
      data: { privateKey: sealed }
    })
  }
}

/**
 * Retires keys of other algorithms that should have been rotated before `olderThan`: no instance uses
 * them, because it would have rotated them.
 */
export async function retireUnusedKeys(
  db: Database,
  { JWT_ALGORITHM }: Secrets,
  now: Date,
  olderThan: Date
): Promise<void> {
  const due = { lt: olderThan }
  await db.prisma.signingKey.updateMany({
    where: {
      algorithm: { not: JWT_ALGORITHM },
      // A next key is created when the active key is activated, so both are retired together.
      OR: [
        { state: 'active', activatedAt: due },
        { state: 'next', createdAt: due }
      ]
    },
    data: { state: 'retired', retiredAt: now }
  })
}

/** Deletes retired keys whose tokens have all expired. */
export async function dropRetiredKeys(db: Database, retiredBefore: Date): Promise<void> {
  await db.prisma.signingKey.deleteMany({
    where: { state: 'retired', retiredAt: { lt: retiredBefore } }
  })
}

async function insertKey(
  tx: Database,
  secrets: Secrets,
  state: 'active' | 'next',
  now: Date
): Promise<void> {
  const algorithm = secrets.JWT_ALGORITHM
  const privateKey = generatePrivateKey(algorithm)
  const jwk = publicJwk(privateKey, algorithm)
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' })
  await tx.prisma.signingKey.create({
    data: {
      kid: jwk.kid,
      algorithm,
      state,
      publicJwk: { ...jwk } as Record<string, string>,
      privateKey: Uint8Array.from(seal(sealingKeys(secrets), pkcs8, jwk.kid)),
      createdAt: now,
      activatedAt: state === 'active' ? now : null
    }
  })
}
