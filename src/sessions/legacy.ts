import { newId } from '../base/crypto/random.js'
import type { Database, Statements } from '../base/database/database.js'
import { inBatches, oneBatch } from '../base/database/in-batches.js'
import { sql } from '../base/database/sql.js'

type ImportedSession = {
  readonly userId: string
  /** Its name there. */
  readonly session: string
  /** The `jti` of its refresh token. */
  readonly jti: string
  /** From then on a sign-in there passed the second factor; null: the account has none. */
  readonly factorSince: Date | null
}

type Term = { readonly keyId: string; readonly expiresAt: Date }

/**
 * Stores sessions of another installation, and returns how many are new or have a newer token. One that was
 * exchanged or has ended here stays as it is.
 */
export async function importSessions(
  tx: Statements,
  sessions: readonly ImportedSession[],
  { keyId, expiresAt }: Term
): Promise<number> {
  if (sessions.length === 0) return 0
  const rows = await tx.run(
    'import-sessions',
    sql`
    INSERT INTO "LegacySession" AS known ("id", "userId", "session", "jti", "keyId", "factorSince", "createdAt", "expiresAt")
    SELECT id, "userId", session, jti, ${keyId}::text, since, now(), ${expiresAt}::timestamptz
    FROM unnest(${sessions.map(newId)}::uuid[], ${sessions.map(one => one.userId)}::uuid[],
      ${sessions.map(one => one.session)}::text[], ${sessions.map(one => one.jti)}::uuid[],
      ${sessions.map(one => one.factorSince)}::timestamptz[]) AS n (id, "userId", session, jti, since)
    WHERE NOT EXISTS (SELECT FROM "LegacySession" l WHERE l."jti" = n.jti)
    ON CONFLICT ("session") DO UPDATE SET "jti" = EXCLUDED."jti", "keyId" = EXCLUDED."keyId"
      WHERE known."userId" = EXCLUDED."userId" AND known."endedAt" IS NULL AND known."tokenDigest" IS NULL
    RETURNING 1`
  )
  return rows.length
}

/** A session of another installation, and the sealed key of its token; null when that was removed. */
export type LegacySession = {
  readonly id: string
  readonly userId: string
  readonly session: string
  readonly legacyId: string | null
  readonly factorSince: Date | null
  /** Whether its token can still be exchanged. */
  readonly isOpen: boolean
  /** Of an exchanged one: the digest of the token, and the session here unless it has ended. */
  readonly tokenDigest: string | null
  readonly sessionId: string | null
  readonly key: { readonly id: string; readonly sealedKey: Uint8Array } | null
}

/** Finds the session that a refresh token of another installation belongs to. */
export async function findLegacySession(db: Database, jti: string): Promise<LegacySession | null> {
  const [row] = await db.run<
    Omit<LegacySession, 'key'> & { keyId: string | null; sealedKey: Uint8Array }
  >(
    'find-legacy-session',
    sql`
    SELECT l."id", l."userId", l."session", u."legacyId", l."factorSince", l."tokenDigest", l."sessionId",
      l."tokenDigest" IS NULL AND l."endedAt" IS NULL AND l."expiresAt" > now() AS "isOpen", k."id" AS "keyId",
      k."sealedKey"
    FROM "LegacySession" l JOIN "User" u ON u."id" = l."userId" LEFT JOIN "LegacyKey" k ON k."id" = l."keyId"
    WHERE l."jti" = ${jti}::uuid`
  )
  if (row === undefined) return null
  const { keyId, sealedKey, ...session } = row
  return { ...session, key: keyId === null ? null : { id: keyId, sealedKey } }
}

/** Locks a session whose token can still be exchanged; false when another request was first, or it has ended. */
export async function lockOpenLegacySession(tx: Database, id: string): Promise<boolean> {
  const rows = await tx.run(
    'lock-legacy-session',
    sql`
    SELECT 1 FROM "LegacySession" l
    WHERE l."id" = ${id}::uuid AND l."tokenDigest" IS NULL AND l."endedAt" IS NULL AND l."expiresAt" > now()
    FOR UPDATE`
  )
  return rows.length > 0
}

/** Records the session that a token was exchanged for. */
export async function recordExchange(
  tx: Database,
  { id, tokenDigest, sessionId }: { id: string; tokenDigest: string; sessionId: string }
): Promise<void> {
  await tx.prisma.legacySession.update({ where: { id }, data: { tokenDigest, sessionId } })
}

/** Ends the sessions of an account that were not exchanged yet. Exchanged ones are sessions like all others. */
export async function endLegacySessions(tx: Statements, userId: string): Promise<void> {
  await tx.run(
    'end-legacy-sessions',
    sql`
    UPDATE "LegacySession" SET "endedAt" = now()
    WHERE "userId" = ${userId}::uuid AND "tokenDigest" IS NULL AND "endedAt" IS NULL`
  )
}

const purgeLegacy = sql`
DELETE FROM "LegacySession" WHERE "id" IN (
  SELECT "id" FROM "LegacySession" WHERE "expiresAt" < now() - interval '1 year' ${oneBatch} FOR UPDATE SKIP LOCKED)
RETURNING 1`

/** Removes sessions a year after their term. Until then a later import does not bring them back. */
export const purgeLegacySessions = (db: Database): Promise<number> =>
  inBatches(db, 'purge-legacy-sessions', purgeLegacy)
