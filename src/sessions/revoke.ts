import { raiseCredentialEpoch } from '../accounts/account.js'
import type { Database } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'
import type { Deps } from '../deps.js'
import { hasFactorSql } from '../mfa/policy.js'
import { liveSession, type RefreshToken } from './session.js'

/** Ends one session of an account; whether there was one. A refresh in flight comes before or finds nothing. */
export async function revokeSession(
  db: Database,
  { userId, sessionId }: { userId: string; sessionId: string }
): Promise<boolean> {
  const { count } = await db.prisma.session.deleteMany({ where: { id: sessionId, userId } })
  return count > 0
}

/**
 * Ends every session of an account and raises its credential epoch, so that what was proved before
 * (a sign-in in flight, a challenge, a link) opens none afterwards.
 */
export async function revokeAllSessions(
  db: Database,
  { userId }: { userId: string }
): Promise<void> {
  await db.transaction(async tx => {
    await raiseCredentialEpoch(tx, userId)
    await endSessionsAfterEpoch(tx, { userId })
  })
}

/**
 * Ends every session of an account whose epoch this transaction has just raised. A statement of its
 * own, and after that one: the raise waits for mints in flight, and only then does this one look.
 */
export async function endSessionsAfterEpoch(
  tx: Database,
  { userId }: { userId: string }
): Promise<void> {
  await tx.prisma.session.deleteMany({ where: { userId } })
}

/**
 * Ends the sessions of an account that never passed a second factor, but for one (MFA-11). In a
 * transaction that has just raised the account's epoch.
 */
export async function endSessionsWithoutFactor(
  tx: Database,
  { userId, keep }: { userId: string; keep: string | null }
): Promise<void> {
  const statement = sql`
    DELETE FROM "Session" s
    WHERE s."userId" = ${userId}::uuid AND s."id" IS DISTINCT FROM ${keep}::uuid AND NOT ${hasFactorSql(sql`s."amr"`)}`
  await tx.run('end-sessions-without-factor', statement)
}

/** Ends every session but one of an account that this transaction has locked; how many there were. */
export async function revokeOtherSessions(
  tx: Database,
  { userId, sessionId }: { userId: string; sessionId: string }
): Promise<number> {
  const where = { userId, id: { not: sessionId } }
  const { count } = await tx.prisma.session.deleteMany({ where })
  return count
}

/** Ends the session of a refresh token that is live, or was just rotated away; whether it did. */
export async function revokeByRefreshToken(
  { db, config }: Pick<Deps, 'db' | 'config'>,
  { sessionId, userId, jti, transport, expired }: RefreshToken
): Promise<boolean> {
  if (expired) return false
  // A grace of 0 is none: NULLIF, because a rotation that was waited for began after this now().
  const grace = sql`make_interval(secs => NULLIF(${config.REFRESH_REUSE_GRACE_SECONDS}::float8, 0))`
  const statement = sql`
    DELETE FROM "Session" s
    WHERE s."id" = ${sessionId}::uuid AND s."userId" = ${userId}::uuid AND s."transport" = ${transport}::"Transport"
      AND ${liveSession}
      AND (s."jti" = ${jti}::uuid OR (s."previousJti" = ${jti}::uuid AND s."rotatedAt" + ${grace} > now()))
    RETURNING 1`
  return (await db.run('revoke-session-by-refresh-token', statement)).length > 0
}
