import type { Database } from '../database/database.js'
import {
  type AuthenticationMethod,
  firstRow,
  type Grant,
  type GrantRow,
  grantColumns,
  grantOf
} from './grant.js'

const renewProofStatement = {
  name: 'renew-session-proof',
  text: `
UPDATE "Session" s SET "authTime" = now(),
  "amr" = s."amr" || ARRAY(SELECT method FROM unnest($3::text[]) AS method WHERE NOT method = ANY (s."amr"))
FROM "User" u
WHERE s."id" = $1::uuid AND s."userId" = $2::uuid AND s."expiresAt" > now()
  AND u."id" = s."userId" AND u."isActive"
RETURNING ${grantColumns}`
}

/**
 * Notes in a session that its person proved again, and how, who they are. In a transaction that holds
 * the account's lock. Null when the session has ended.
 */
export async function renewProof(
  tx: Database,
  { userId, sessionId }: { userId: string; sessionId: string },
  proved: readonly AuthenticationMethod[]
): Promise<Grant | null> {
  const row = await firstRow<GrantRow>(tx, renewProofStatement, [sessionId, userId, proved])
  return row && grantOf(row)
}
