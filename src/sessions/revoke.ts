import { raiseCredentialEpoch } from '../accounts/account.js'
import type { Database } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'
import type { Deps } from '../deps.js'
import { hasFactorSql } from '../mfa/policy.js'
import { endLegacySessions } from './legacy.js'
import { liveSession, type RefreshToken, takesToken } from './session.js'

/** Ends one session of an account; false without one. A parallel refresh runs before it or finds no session. */
export async function revokeSession(
  db: Database,
  { userId, sessionId }: { userId: string; sessionId: string }
): Promise<boolean> {
  const { count } = await db.prisma.session.deleteMany({ where: { id: sessionId, userId } })
  return count > 0
}

/**
 * Ends every session of an account and raises its credential epoch, so that a running sign-in, an older
 * challenge or a link cannot create a new one.
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
 * Ends every session of an account whose epoch this transaction has just raised. The raise waits for
 * running sign-ins, so this separate statement sees their sessions.
 */
export async function endSessionsAfterEpoch(
  tx: Database,
  { userId }: { userId: string }
): Promise<void> {
  await tx.prisma.session.deleteMany({ where: { userId } })
  await endLegacySessions(tx, userId)
}

/**
 * Ends the sessions of an account without a second factor, except one (MFA-11), in a transaction that has
 * just raised the epoch.
 */
export async function endSessionsWithoutFactor(
  tx: Database,
  { userId, exceptSessionId }: { userId: string; exceptSessionId: string | null }
): Promise<void> {
  const statement = sql`
    DELETE FROM "Session" s
    WHERE s."userId" = ${userId}::uuid AND s."id" IS DISTINCT FROM ${exceptSessionId}::uuid AND NOT ${hasFactorSql(sql`s."amr"`)}`
  await tx.run('end-sessions-without-factor', statement)
  await endLegacySessions(tx, userId)
}

/** Ends every session but one of an account that this transaction has locked; returns how many. */
export async function revokeOtherSessions(
  tx: Database,
  { userId, sessionId }: { userId: string; sessionId: string }
): Promise<number> {
  const where = { userId, id: { not: sessionId } }
  const { count } = await tx.prisma.session.deleteMany({ where })
  await endLegacySessions(tx, userId)
  return count
}

/** Ends the session of a refresh token, if a refresh would take it; false otherwise. */
export async function revokeByRefreshToken(
  { db, config }: Pick<Deps, 'db' | 'config'>,
  token: RefreshToken
): Promise<boolean> {
  if (token.expired) return false
  const statement = sql`
    DELETE FROM "Session" s
    WHERE s."id" = ${token.sessionId}::uuid AND s."userId" = ${token.userId}::uuid
      AND s."transport" = ${token.transport}::"Transport" AND ${liveSession} AND ${takesToken(token, config)}
    RETURNING 1`
  return (await db.run('revoke-session-by-refresh-token', statement)).length > 0
}
