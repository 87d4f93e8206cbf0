import type { Database } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'
import {
  type AuthenticationMethod,
  type Session,
  type SessionRow,
  sessionColumns,
  sessionOf
} from './session.js'

type Own = { readonly userId: string; readonly sessionId: string }

/**
 * Notes in a session that its person proved again, and how, who they are. In a transaction that has
 * locked account and session.
 */
export const stepUp = (
  tx: Database,
  session: Own,
  proved: readonly AuthenticationMethod[]
): Promise<Session> => recordMethods(tx, session, proved, true)

/**
 * Notes a factor that the person has just set up. When they proved who they are stays as it was:
 * whoever holds a stolen session can set up an app of their own (EML-06, EML-09).
 */
export const addAuthenticationMethod = (tx: Database, session: Own): Promise<Session> =>
  recordMethods(tx, session, ['otp'], false)

async function recordMethods(
  tx: Database,
  { userId, sessionId }: Own,
  proved: readonly AuthenticationMethod[],
  isProof: boolean
): Promise<Session> {
  const statement = sql`
    UPDATE "Session" s SET "authTime" = CASE WHEN ${isProof}::boolean THEN now() ELSE s."authTime" END,
      "amr" = s."amr" || ARRAY(SELECT method FROM unnest(${proved}::text[]) AS method WHERE NOT method = ANY (s."amr"))
    FROM "User" u
    WHERE s."id" = ${sessionId}::uuid AND s."userId" = ${userId}::uuid AND u."id" = s."userId"
    RETURNING ${sessionColumns}`
  const [row] = await tx.run<SessionRow>('step-up-session', statement)
  return sessionOf(row as SessionRow)
}
