import type { Database } from '../base/database/database.js'
import type { Deps } from '../deps.js'
import { hasFactorSql } from '../mfa/policy.js'
import type { RefreshToken } from './session.js'

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
    await tx.prisma.user.updateMany({
      where: { id: userId },
      data: { credentialEpoch: { increment: 1 } }
    })
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

const endFactorless = {
  name: 'end-sessions-without-factor',
  text: `
DELETE FROM "Session" s
WHERE s."userId" = $1::uuid AND s."id" <> ALL ($2::uuid[]) AND NOT ${hasFactorSql('s."amr"')}`
}

/**
 * Ends the sessions of an account that never passed a second factor, but for one (MFA-11). In a
 * transaction that has just raised the account's epoch.
 */
export async function endSessionsWithoutFactor(
  tx: Database,
  { userId, keep }: { userId: string; keep: string | null }
): Promise<void> {
  await tx.run(endFactorless, [userId, keep === null ? [] : [keep]])
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

// A grace of no seconds is none: NULLIF, because a rotation that was waited for began after this now().
const revokeByToken = {
  name: 'revoke-session-by-refresh-token',
  text: `
DELETE FROM "Session"
WHERE "id" = $1::uuid AND "userId" = $2::uuid AND "transport" = $4::"Transport" AND "expiresAt" > now()
  AND ("jti" = $3::uuid OR ("previousJti" = $3::uuid AND "rotatedAt" + make_interval(secs => NULLIF($5::float8, 0)) > now()))
RETURNING 1`
}

/** Ends the session of a refresh token that is live, or was just rotated away; whether it did. */
export async function revokeByRefreshToken(
  { db, config }: Pick<Deps, 'db' | 'config'>,
  { sessionId, userId, jti, transport, expired }: RefreshToken
): Promise<boolean> {
  if (expired) return false
  const values = [sessionId, userId, jti, transport, config.REFRESH_REUSE_GRACE_SECONDS]
  return (await db.run(revokeByToken, values)).length > 0
}
