import { type Account, accountOf, type UserColumns, userColumns } from '../accounts/account.js'
import { maySignIn } from '../accounts/sql.js'
import type { Config } from '../base/config/load.js'
import type { Database } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'
import { Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { liveLink } from '../links/sql.js'
import { asksForFactor, satisfiesPolicy, underPolicy } from '../mfa/policy.js'
import { type AuthenticationMethod, liveSession, type RefreshToken, takesToken } from './session.js'

/** The authenticated caller: the account as it is in the database now, and the session. */
export type Principal = {
  readonly user: Account
  readonly sessionId: string
  /** The session has ended: with `JWT_ALLAUTH_ACCESS_TOKEN_SESSION_CHECK` off it may read, but change nothing. */
  readonly hasEnded: boolean
  readonly authTime: Date
  readonly amr: readonly AuthenticationMethod[]
  /** The new address of the account, while it waits for its confirmation. */
  readonly pendingEmail: string | null
  /** Whether sign-in asks for a second factor. */
  readonly mfaEnabled: boolean
}

const readPrincipal = (
  userId: string,
  sessionId: string,
  config: Config,
  isTaken = sql`true`
) => sql`
SELECT ${userColumns}, ${maySignIn(config)} AS "maySignIn", s."authTime", s."amr", (
  SELECT l."address" FROM "Link" l
  WHERE l."userId" = u."id" AND l."purpose" = 'email_change' AND ${liveLink}
) AS "pendingEmail", ${asksForFactor(config, sql`u."id"`)} AS "mfaEnabled", NOT ${satisfiesPolicy(config, sql`s."amr"`, sql`u."id"`)} AS "lacksFactor"
FROM "User" u LEFT JOIN "Session" s ON s."id" = ${sessionId}::uuid AND s."userId" = u."id" AND ${liveSession}
  AND ${isTaken}
WHERE u."id" = ${userId}::uuid`

/** The columns of a session are null without one. */
type Row = UserColumns & {
  readonly maySignIn: boolean
  readonly authTime: Date | null
  readonly amr: readonly AuthenticationMethod[] | null
  readonly pendingEmail: string | null
  readonly mfaEnabled: boolean
  readonly lacksFactor: boolean | null
}

/**
 * Reads the caller of an access token with one statement. Role, state and session come from the database,
 * so a demotion or a sign-out takes effect before the token expires (ADM-02).
 *
 * @throws {Problem} `no_active_account`; `token_not_valid` when the account was removed, its session lacks a
 *   required second factor, or has ended and `JWT_ALLAUTH_ACCESS_TOKEN_SESSION_CHECK` is on.
 */
export async function authenticate(
  { db, config }: Pick<Deps, 'db' | 'config'>,
  bearer: { userId: string; sessionId: string }
): Promise<Principal> {
  const statement = readPrincipal(bearer.userId, bearer.sessionId, config)
  const [row] = await db.run<Row>(underPolicy(config, 'read-principal'), statement)
  return principalOf(row, bearer.sessionId, config.JWT_ALLAUTH_ACCESS_TOKEN_SESSION_CHECK)
}

/**
 * Reads the person of a session cookie with one statement, and does not rotate the token: a page is read
 * often, and in several tabs. A token that a refresh would not take proves nothing here, and ends nothing.
 *
 * @throws {Problem} `no_active_account`; `token_not_valid`.
 */
export async function authenticateByCookie(
  { db, config }: Pick<Deps, 'db' | 'config'>,
  token: RefreshToken
): Promise<Principal> {
  if (token.expired) throw new Problem('token_not_valid')
  const { userId, sessionId, transport } = token
  const isTaken = sql`s."transport" = ${transport}::"Transport" AND ${takesToken(token, config)}`
  const statement = readPrincipal(userId, sessionId, config, isTaken)
  const [row] = await db.run<Row>(underPolicy(config, 'read-principal-by-cookie'), statement)
  return principalOf(row, sessionId, true)
}

function principalOf(row: Row | undefined, sessionId: string, needsSession: boolean): Principal {
  if (row === undefined) throw new Problem('token_not_valid')
  if (!row.userIsActive) throw new Problem('no_active_account')
  const hasSession = row.authTime !== null
  const isRefused = hasSession ? row.lacksFactor : needsSession
  // The session is older than the rule that requires a second factor or a verified address (MFA-10).
  if (isRefused || !row.maySignIn) throw new Problem('token_not_valid')
  return {
    user: accountOf(row),
    sessionId,
    hasEnded: row.authTime === null,
    authTime: row.authTime ?? new Date(0),
    amr: row.amr ?? [],
    pendingEmail: row.pendingEmail,
    mfaEnabled: row.mfaEnabled
  }
}

/**
 * Locks a live session against its deletion for the rest of the transaction; false when it has ended. The
 * lock waits for a sign-out, not for a refresh. The caller locks the account first.
 */
export async function lockSession(
  tx: Database,
  { userId, sessionId }: { userId: string; sessionId: string }
): Promise<boolean> {
  const statement = sql`
    SELECT 1 FROM "Session" s
    WHERE s."id" = ${sessionId}::uuid AND s."userId" = ${userId}::uuid AND ${liveSession}
    FOR KEY SHARE`
  return (await tx.run('lock-session', statement)).length > 0
}
