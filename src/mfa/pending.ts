import { newId } from '../base/crypto/random.js'
import type { Database } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'
import type { SealedSecret } from './secret.js'

/** To whom a secret was shown: only from there can it be activated (MFA-13). */
export type PendingOwner =
  | { readonly sessionId: string; readonly challengeId?: undefined }
  | { readonly challengeId: string; readonly sessionId?: undefined }

/** Keeps the secret that is about to be shown, in place of an earlier one; whether its owner is still there. */
export async function putPending(
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
  const name = `put-pending-of-${sessionId === undefined ? 'challenge' : 'session'}`
  return (await db.run(name, statement)).length > 0
}

export type Pending = SealedSecret & { readonly id: string }

/** The secret that was shown to this owner last, unless that is too long ago. */
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

/** Takes a pending secret away; whether it was still there, and the same. */
export async function takePending(tx: Database, { id, sealedSecret }: Pending): Promise<boolean> {
  const { count } = await tx.prisma.pendingAuthenticator.deleteMany({
    where: { id, sealedSecret: Uint8Array.from(sealedSecret) }
  })
  return count > 0
}
