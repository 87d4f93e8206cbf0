import { newId } from '../base/crypto/random.js'
import type { Database } from '../base/database/database.js'
import type { SealedSecret } from './secret.js'

/** To whom a secret was shown: only from there can it be activated (MFA-13). */
export type PendingOwner =
  | { readonly sessionId: string; readonly challengeId?: undefined }
  | { readonly challengeId: string; readonly sessionId?: undefined }

const put = (owner: 'sessionId' | 'challengeId', table: string) => ({
  name: `put-pending-authenticator-${owner}`,
  text: `
INSERT INTO "PendingAuthenticator" ("id", "${owner}", "sealedSecret", "keyId", "expiresAt")
SELECT $1::uuid, o."id", $3::bytea, $4::text, now() + interval '5 minutes'
FROM "${table}" o WHERE o."id" = $2::uuid
ON CONFLICT ("${owner}") DO UPDATE SET
  "sealedSecret" = EXCLUDED."sealedSecret", "keyId" = EXCLUDED."keyId", "expiresAt" = EXCLUDED."expiresAt"
RETURNING 1`
})
const putForSession = put('sessionId', 'Session')
const putForChallenge = put('challengeId', 'MfaChallenge')

/** Keeps the secret that is about to be shown, in place of an earlier one; whether its owner is still there. */
export async function putPending(
  db: Database,
  { sessionId, challengeId }: PendingOwner,
  { sealedSecret, keyId }: SealedSecret
): Promise<boolean> {
  const statement = sessionId === undefined ? putForChallenge : putForSession
  const values = [newId(), sessionId ?? challengeId, sealedSecret, keyId]
  return (await db.run(statement, values)).length > 0
}

const readForOwner = {
  name: 'read-pending-authenticator',
  text: `
SELECT "id", "sealedSecret", "keyId" FROM "PendingAuthenticator"
WHERE ("sessionId" = $1::uuid OR "challengeId" = $2::uuid) AND "expiresAt" > now()`
}

export type Pending = SealedSecret & { readonly id: string }

/** The secret that was shown to this owner last, unless that is too long ago. */
export async function readPending(
  db: Database,
  { sessionId, challengeId }: PendingOwner
): Promise<Pending | null> {
  const values = [sessionId ?? null, challengeId ?? null]
  const [pending] = await db.run<Pending>(readForOwner, values)
  return pending ?? null
}

/** Takes a pending secret away; whether it was still there, and the same. */
export async function takePending(tx: Database, { id, sealedSecret }: Pending): Promise<boolean> {
  const { count } = await tx.prisma.pendingAuthenticator.deleteMany({
    where: { id, sealedSecret: Uint8Array.from(sealedSecret) }
  })
  return count > 0
}
