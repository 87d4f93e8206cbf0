import { type Account, accountOf, type UserColumns, userColumns } from '../accounts/account.js'
import { maySignIn } from '../accounts/sql.js'
import type { Config } from '../base/config/load.js'
import type { Database } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'
import { Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { liveLink } from '../links/sql.js'
import { satisfiesPolicy } from '../mfa/policy.js'
import { type AuthenticationMethod, liveSession } from './session.js'

/** Who is asking: the account as the database has it now, and the session that vouches for it. */
export type Principal = {
  readonly user: Account
  readonly sessionId: string
  /** The session is over: it may read, with `JWT_ALLAUTH_ACCESS_TOKEN_SESSION_CHECK` off, and change nothing. */
  readonly hasEnded: boolean
  readonly authTime: Date
  readonly amr: readonly AuthenticationMethod[]
  /** The address that the account will have once its mailbox confirms it. */
  readonly pendingEmail: string | null
}

const readPrincipal = (userId: string, sessionId: string, config: Config) => sql`
SELECT ${userColumns}, ${maySignIn(config)} AS "maySignIn", s."authTime", s."amr", (
  SELECT l."address" FROM "Link" l
  WHERE l."userId" = u."id" AND l."purpose" = 'email_change' AND ${liveLink()}
) AS "pendingEmail", NOT ${satisfiesPolicy(config, sql`s."amr"`, sql`u."id"`)} AS "owesFactor"
FROM "User" u LEFT JOIN "Session" s ON s."id" = ${sessionId}::uuid AND s."userId" = u."id" AND ${liveSession}
WHERE u."id" = ${userId}::uuid`

/** Without a session, all that is its own is null. */
type Row = UserColumns & {
  readonly maySignIn: boolean
  readonly authTime: Date | null
  readonly amr: readonly AuthenticationMethod[] | null
  readonly pendingEmail: string | null
  readonly owesFactor: boolean | null
}

/**
 * The bearer of an access token, in one read: role, state and session are those of this moment, not
 * those of the token (D8, ADM-02).
 *
 * @throws {Problem} `no_active_account`; `token_not_valid` when the account is gone, when its session
 *   lacks a second factor that is asked for, or is gone and `JWT_ALLAUTH_ACCESS_TOKEN_SESSION_CHECK` is on.
 */
export async function authenticate(
  { db, config }: Pick<Deps, 'db' | 'config'>,
  bearer: { userId: string; sessionId: string }
): Promise<Principal> {
  const statement = readPrincipal(bearer.userId, bearer.sessionId, config)
  const [row] = await db.run<Row>('read-principal', statement)
  if (row === undefined) throw new Problem('token_not_valid')
  if (!row.userIsActive) throw new Problem('no_active_account')
  const hasSession = row.authTime !== null
  const isRefused = hasSession ? row.owesFactor : config.JWT_ALLAUTH_ACCESS_TOKEN_SESSION_CHECK
  // A session from before a factor or a verified address was asked for vouches for nobody any more (MFA-10).
  if (isRefused || !row.maySignIn) throw new Problem('token_not_valid')
  return {
    user: accountOf(row),
    sessionId: bearer.sessionId,
    hasEnded: row.authTime === null,
    authTime: row.authTime ?? new Date(0),
    amr: row.amr ?? [],
    pendingEmail: row.pendingEmail
  }
}

/**
 * Keeps a live session from ending for the rest of the transaction; false where it has. Waits for a
 * sign-out, not for a refresh. The account's lock is taken before.
 */
export async function lockSession(
  tx: Database,
  { userId, sessionId }: { userId: string; sessionId: string }
): Promise<boolean> {
  const rows = await tx.prisma.$queryRaw<unknown[]>`
    SELECT 1 FROM "Session" WHERE "id" = ${sessionId}::uuid AND "userId" = ${userId}::uuid AND "expiresAt" > now()
    FOR KEY SHARE`
  return rows.length > 0
}
