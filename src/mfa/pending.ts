import { newId } from '../base/crypto/random.js'
import type { Database } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'
import type { SealedSecret } from './secret.js'

/** The session or challenge that a secret was shown to. Only that one can activate it (MFA-13). */
export type PendingOwner =
  | { readonly sessionId: string; readonly challengeId?: undefined }
  | { readonly challengeId: string; readonly sessionId?: undefined }

/** Stores the secret before it is shown, in place of an earlier one; false when the owner has ended. */
export async function storePending(
  db: Database,
  { sessionId, challengeId }: PendingOwner,
  { sealedSecret, keyId }: SealedSecret
): Promise<boolean> {
  const [column, table] =
    sessionId === undefined
      ? ([sql`"challengeId"`, sql`"MfaChallenge"`] as const)
      : ([sql`"sessionId"`, sql`"Session"`] as const)
  const statement = sql`
    INSERT INTO "PendingAuthenticator" ("id", ${column}, "sealedSecret", "keyId", "expiresAt")
    SELECT ${newId()}::uuid, o."id", ${sealedSecret}::bytea, ${keyId}::text, now() + interval '5 minutes'
    FROM ${table} o WHERE o."id" = ${sessionId ?? challengeId}::uuid
    ON CONFLICT (${column}) DO UPDATE SET
      "sealedSecret" = EXCLUDED."sealedSecret", "keyId" = EXCLUDED."keyId", "expiresAt" = EXCLUDED."expiresAt"
    RETURNING 1`
  const name = `store-pending-of-${sessionId === undefined ? 'challenge' : 'session'}`
  return (await db.run(name, statement)).length > 0
}

export type Pending = SealedSecret & { readonly id: string }

/** The last secret that was shown to this owner, if it has not expired. */
export async function readPending(
  db: Database,
  { sessionId, challengeId }: PendingOwner
): Promise<Pending | null> {
  const statement = sql`
    SELECT "id", "sealedSecret", "keyId" FROM "PendingAuthenticator"
    WHERE ("sessionId" = ${sessionId ?? null}::uuid OR "challengeId" = ${challengeId ?? null}::uuid)
      AND "expiresAt" > now()`
  const [pending] = await db.run<Pending>('read-pending-authenticator', statement)
  return pending ?? null
}

/** Removes a pending secret; false when it was removed or replaced meanwhile. */
export async function takePending(tx: Database, { id, sealedSecret }: Pending): Promise<boolean> {
  const { count } = await tx.prisma.pendingAuthenticator.deleteMany({
    where: { id, sealedSecret: Uint8Array.from(sealedSecret) }
  })
  return count > 0
}
