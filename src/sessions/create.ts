import { lockAccount } from '../accounts/lock.js'
import { type AuditEventName, auditCte, networkIn } from '../audit/record.js'
import { newId, newJti } from '../base/crypto/random.js'
import type { Deps } from '../deps.js'
import { type Reservation, refundCte } from '../limits/budgets.js'
import { satisfiesMode } from '../mfa/policy.js'
import type { Sender } from '../sender.js'
import {
  type AuthenticationMethod,
  firstRow,
  type Session,
  type SessionRow,
  sessionColumns,
  sessionOf
} from './session.js'

/** That somebody is who they say, checked at a moment when the account had this credential epoch. */
export type Authentication = {
  readonly userId: string
  readonly credentialEpoch: number
  readonly amr: readonly AuthenticationMethod[]
  /** When it was proved, if that was not just now. */
  readonly authTime?: Date
  /** What opened the session, for the audit trail. */
  readonly via: AuditEventName
  /** Attempts that this proof shows to be no failures; given back by the mint. */
  readonly reservation?: Reservation
}

const createSessionStatement = {
  name: 'mint-session',
  text: `
WITH u AS (
  UPDATE "User" SET "lastLoginAt" = now()
  WHERE "id" = $1::uuid AND "credentialEpoch" = $2::int4 AND "isActive"
    AND ${satisfiesMode({ mode: '$15', amr: '$6::text[]', userId: '"User"."id"' })}
  RETURNING *
), s AS (
  INSERT INTO "Session" ("id", "userId", "jti", "createdAt", "authTime", "amr", "transport",
    "lastUsedAt", "expiresAt", "ip", "userAgent")
  SELECT $3::uuid, u."id", $4::uuid, now(), COALESCE($5::timestamptz, now()), $6::text[], $7::"Transport",
    now(), now() + make_interval(secs => $8::float8), $9::text, $10::text
  FROM u
  RETURNING *
), ${refundCte('$11', 'EXISTS (SELECT FROM s)')}, ${auditCte({
    from: 's',
    id: '$12',
    event: '$13::text',
    actorId: 's."userId"',
    subjectId: 's."userId"',
    sessionId: 's."id"',
    network: '$14',
    userAgent: '$10',
    details: `jsonb_build_object('amr', s."amr", 'transport', s."transport")`
  })}
SELECT ${sessionColumns},
  (SELECT count(*)::int4 FROM "Session" other WHERE other."userId" = u."id") AS "others"
FROM u, s`
}

/**
 * The one door to a session (design rule 1). It opens for an account that may sign in, whose
 * credentials are still those that the proof was checked against, and that proved a second factor
 * where the mode asks for one; to nobody else. The row lock on the account puts a mint before or
 * after whatever raises the epoch, never beside it.
 *
 * @returns null when the proof lacks a factor, or the account was disabled, removed or changed its
 *   credentials meanwhile.
 */
export async function createSession(
  deps: Pick<Deps, 'db' | 'config'>,
  proof: Authentication,
  sender: Sender
): Promise<Session | null> {
  const { config, db } = deps
  const lifetime = Math.min(
    config.JWT_ALLAUTH_REFRESH_TOKEN_LIFETIME,
    config.JWT_ALLAUTH_SESSION_LIFETIME ?? Number.POSITIVE_INFINITY
  )
  const row = await firstRow<SessionRow & { others: number }>(db, createSessionStatement, [
    proof.userId,
    proof.credentialEpoch,
    newId(),
    newJti(),
    proof.authTime ?? null,
    proof.amr,
    sender.transport,
    lifetime,
    sender.ip,
    sender.userAgent,
    proof.reservation?.keys ?? [],
    newId(),
    proof.via,
    networkIn(sender),
    config.JWT_ALLAUTH_MFA_TOTP_MODE
  ])
  if (row === null) return null
  await endOldest(deps, row)
  return sessionOf(row)
}

const endOldestSessions = {
  name: 'end-oldest-sessions',
  text: `
DELETE FROM "Session" WHERE "userId" = $1::uuid AND "id" IN (
  SELECT "id" FROM "Session" WHERE "userId" = $1::uuid ORDER BY "createdAt" DESC, "id" DESC OFFSET $2::int4)`
}

/**
 * Keeps the account at its cap. A statement of its own, because the mint does not see the sessions
 * of mints beside it; left out while the account is further from the cap than there can be of those.
 */
async function endOldest(
  { db, config }: Pick<Deps, 'db' | 'config'>,
  row: { userId: string; others: number }
) {
  const cap = config.MAX_SESSIONS_PER_USER
  if (row.others + 2 * config.DATABASE_POOL_SIZE < cap) return
  await db.transaction(async tx => {
    // Two that end several sessions take turns, else each may hold what the other waits for.
    await lockAccount(tx, row.userId)
    await tx.run(endOldestSessions, [row.userId, cap])
  })
}
