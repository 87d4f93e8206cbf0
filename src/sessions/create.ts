import { lockAccount } from '../accounts/lock.js'
import { stampSignIn } from '../accounts/sql.js'
import { type AuditEventName, auditEvent } from '../audit/record.js'
import type { Config } from '../base/config/load.js'
import { newId, newJti } from '../base/crypto/random.js'
import { sql } from '../base/database/sql.js'
import type { Deps } from '../deps.js'
import { nothingReserved, type Reservation, refundAttempts } from '../limits/budgets.js'
import { satisfiesPolicy, underPolicy } from '../mfa/policy.js'
import type { Sender } from '../sender.js'
import {
  type AuthenticationMethod,
  nextEnd,
  type Session,
  type SessionRow,
  sessionColumns,
  sessionOf
} from './session.js'

/** A checked authentication of an account, and the credential epoch it was checked against. */
export type Authentication = {
  readonly userId: string
  readonly credentialEpoch: number
  readonly amr: readonly AuthenticationMethod[]
  /** When the person authenticated, if not now. */
  readonly authTime?: Date
  /** The first refresh token of the session, if it is issued already: that of an earlier installation. */
  readonly jti?: string
  /** The session takes the place of an earlier one: the person has not signed in. */
  readonly renews?: true
  /** The audit event of the new session. */
  readonly via: AuditEventName
  /** Attempts of this authentication, which creating the session gives back. */
  readonly reservation?: Reservation
}

const insertSession = (
  config: Config,
  { userId, credentialEpoch, amr, authTime, jti, renews, via, reservation }: Authentication,
  sender: Sender
) => sql`
WITH ${stampSignIn(
  config,
  { userId, credentialEpoch },
  satisfiesPolicy(config, sql`${amr}::text[]`, sql`u."id"`)
)}, s AS (
  INSERT INTO "Session" ("id", "userId", "jti", "previousJti", "rotatedAt", "createdAt", "authTime", "amr", "transport",
    "lastUsedAt", "expiresAt", "ip", "userAgent")
  SELECT ${newId()}::uuid, u."id", ${jti ?? newJti()}::uuid, ${newJti()}::uuid, now(), now(), COALESCE(${authTime ?? null}::timestamptz, now()),
    ${amr}::text[], ${sender.transport}::"Transport", now(), ${nextEnd(config, sql`now()`)}, ${sender.ip}::text,
    ${sender.userAgent}::text
  FROM u
  RETURNING *
), ${refundAttempts(reservation ?? nothingReserved, sql`EXISTS (SELECT FROM s)`)}, ${auditEvent({
  event: via,
  sender,
  from: sql`s`,
  actorId: sql`s."userId"`,
  subjectId: sql`s."userId"`,
  sessionId: sql`s."id"`,
  details: sql`jsonb_build_object('amr', s."amr", 'transport', s."transport")
    || ${renews ? '{"renewed":true}' : '{}'}::text::jsonb`
})}
SELECT ${sessionColumns},
  (SELECT count(*)::int4 FROM "Session" other WHERE other."userId" = u."id") AS "others"
FROM u, s`

/**
 * The only place that creates a session: for an account that may sign in and whose credentials are
 * unchanged, with a second factor where the mode requires one.
 *
 * @returns null when the authentication lacks a second factor, or the account may not sign in, was removed
 *   or changed its credentials meanwhile.
 */
export async function createSession(
  deps: Pick<Deps, 'db' | 'config'>,
  authentication: Authentication,
  sender: Sender
): Promise<Session | null> {
  const { config, db } = deps
  const statement = insertSession(config, authentication, sender)
  const [row] = await db.run<SessionRow & { others: number }>(
    underPolicy(config, 'create-session'),
    statement
  )
  if (row === undefined) return null
  await endOldest(deps, row)
  return sessionOf(row)
}

/**
 * Ends the oldest sessions beyond the limit of an account, in a second statement, because the first does
 * not see parallel ones. Skipped while parallel sessions cannot reach the limit.
 */
async function endOldest(
  { db, config }: Pick<Deps, 'db' | 'config'>,
  { userId, others }: { userId: string; others: number }
) {
  const limit = config.MAX_SESSIONS_PER_USER
  if (others + 2 * config.DATABASE_POOL_SIZE < limit) return
  await db.transaction(async tx => {
    // The lock makes parallel calls wait for each other, else they could deadlock.
    await lockAccount(tx, userId)
    const statement = sql`
      DELETE FROM "Session" WHERE "userId" = ${userId}::uuid AND "id" IN (
        SELECT "id" FROM "Session" WHERE "userId" = ${userId}::uuid
        ORDER BY "createdAt" DESC, "id" DESC OFFSET ${limit}::int4)`
    await tx.run('end-oldest-sessions', statement)
  })
}
