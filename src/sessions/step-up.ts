import type { Database } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'
import {
  type AuthenticationMethod,
  type Session,
  type SessionRow,
  sessionColumns,
  sessionOf
} from './session.js'

type OwnSession = { readonly userId: string; readonly sessionId: string }

/**
 * Records a re-authentication in a session: its time and methods. The transaction has locked account and
 * session.
 */
export const stepUp = (
  tx: Database,
  session: OwnSession,
  methods: readonly AuthenticationMethod[]
): Promise<Session> => recordMethods(tx, session, methods, true)

/**
 * Adds a second factor that was just set up to a session. `authTime` stays, because an attacker with a
 * stolen session can set up a second factor too (EML-06, EML-09).
 */
export const addAuthenticationMethod = (tx: Database, session: OwnSession): Promise<Session> =>
  recordMethods(tx, session, ['otp'], false)

async function recordMethods(
  tx: Database,
  { userId, sessionId }: OwnSession,
  methods: readonly AuthenticationMethod[],
  isReauthentication: boolean
): Promise<Session> {
  const statement = sql`
    UPDATE "Session" s SET "authTime" = CASE WHEN ${isReauthentication}::boolean THEN now() ELSE s."authTime" END,
      "amr" = s."amr" || ARRAY(SELECT method FROM unnest(${methods}::text[]) AS method WHERE NOT method = ANY (s."amr"))
    FROM "User" u
    WHERE s."id" = ${sessionId}::uuid AND s."userId" = ${userId}::uuid AND u."id" = s."userId"
    RETURNING ${sessionColumns}`
  const [row] = await tx.run<SessionRow>('record-authentication-methods', statement)
  return sessionOf(row as SessionRow)
}
