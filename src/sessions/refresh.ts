import { accountOf } from '../accounts/account.js'
import { maySignIn } from '../accounts/sql.js'
import { record } from '../audit/record.js'
import type { Config } from '../base/config/load.js'
import { newJti } from '../base/crypto/random.js'
import { sql } from '../base/database/sql.js'
import { Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { notifyOwner } from '../mail/notify-owner.js'
import { satisfiesPolicy } from '../mfa/policy.js'
import type { Sender } from '../sender.js'
import { revokeAllSessions, revokeSession } from './revoke.js'
import {
  absoluteEnd,
  liveSession,
  nextEnd,
  type RefreshToken,
  type Session,
  type SessionRow,
  sessionColumns,
  sessionOf
} from './session.js'

type RefreshDeps = Pick<Deps, 'db' | 'config' | 'clock' | 'log' | 'outboxKeys'>

const hasRequiredFactor = (config: Config) => satisfiesPolicy(config, sql`s."amr"`, sql`s."userId"`)

/** The row lock orders parallel refreshes: only the first one finds the `jti` of its token (SES-03). */
const rotateSession = (
  { sessionId, userId, jti, transport }: RefreshToken,
  sender: Sender,
  config: Config
) => sql`
UPDATE "Session" s SET
  "previousJti" = s."jti", "jti" = ${newJti()}::uuid, "rotatedAt" = now(), "lastUsedAt" = now(),
  "expiresAt" = ${nextEnd(config, sql`s."createdAt"`)}, "ip" = ${sender.ip}::text, "userAgent" = ${sender.userAgent}::text
FROM "User" u
WHERE s."id" = ${sessionId}::uuid AND s."userId" = ${userId}::uuid AND s."jti" = ${jti}::uuid
  AND s."transport" = ${transport}::"Transport" AND ${liveSession}
  AND COALESCE(${absoluteEnd(config, sql`s."createdAt"`)} > now(), true)
  AND u."id" = s."userId" AND ${maySignIn(config)} AND ${hasRequiredFactor(config)}
RETURNING ${sessionColumns}`

type SessionState = SessionRow & {
  readonly previousJti: string | null
  readonly withinGrace: boolean
  readonly isLive: boolean
  readonly pastLifetime: boolean
  readonly maySignIn: boolean
  readonly lacksFactor: boolean
}

// A grace of 0 disables reuse entirely. NULLIF prevents a match within the same millisecond.
const readSessionState = ({ sessionId, userId }: RefreshToken, config: Config) => sql`
SELECT ${sessionColumns}, s."previousJti", ${liveSession} AS "isLive", ${maySignIn(config)} AS "maySignIn",
  COALESCE(s."rotatedAt" + make_interval(secs => NULLIF(${config.REFRESH_REUSE_GRACE_SECONDS}::float8, 0)) > now(), false)
    AS "withinGrace",
  COALESCE(${absoluteEnd(config, sql`s."createdAt"`)} <= now(), false) AS "pastLifetime",
  NOT ${hasRequiredFactor(config)} AS "lacksFactor"
FROM "Session" s JOIN "User" u ON u."id" = s."userId"
WHERE s."id" = ${sessionId}::uuid AND s."userId" = ${userId}::uuid`

/**
 * Rotates a session (RFC 9700 §4.14.2), usually with one statement. When it updates no row, a read finds
 * the reason. Only a token that was rotated away counts as stolen.
 *
 * @throws {Problem} `token_not_valid`, `refresh_reused`, `session_expired`, `no_active_account`.
 *   `details.final` says that this token can never work again.
 */
export async function refresh(
  deps: RefreshDeps,
  presented: RefreshToken,
  sender: Sender
): Promise<Session> {
  const { db, config } = deps
  if (!presented.expired) {
    const statement = rotateSession(presented, sender, config)
    const [row] = await db.run<SessionRow>('rotate-session', statement)
    if (row !== undefined) return sessionOf(row)
  }
  return explain(deps, presented, sender)
}

/** Finds out why the rotation updated no row: a retry within the grace, an ended session, or a stolen token. */
async function explain(
  deps: RefreshDeps,
  presented: RefreshToken,
  sender: Sender
): Promise<Session> {
  const { db, config } = deps
  const { sessionId, userId } = presented
  const statement = readSessionState(presented, config)
  const [state] = await db.run<SessionState>('read-session-state', statement)
  if (state === undefined) throw final('token_not_valid')
  if (!state.userIsActive) {
    await revokeAllSessions(db, { userId })
    throw final('no_active_account')
  }
  // The session is older than mandatory verification. The epoch stays, so the confirmation link stays live.
  if (!state.maySignIn) {
    await revokeSession(db, { userId, sessionId })
    throw final('email_not_verified')
  }
  if (state.transport !== presented.transport) throw new Problem('token_not_valid')
  if (state.pastLifetime) {
    await revokeSession(db, { userId, sessionId })
    throw final('session_expired')
  }
  // The session is older than the requirement of a second factor: the person signs in again (MFA-10).
  if (state.lacksFactor) {
    await revokeSession(db, { userId, sessionId })
    throw final('token_not_valid')
  }
  if (!state.isLive || presented.expired) throw final('token_not_valid')
  // The token is valid now: the account was enabled between the two statements.
  if (state.jti === presented.jti)
    throw new Problem('busy', { params: { seconds: 1 }, retryAfter: 1 })
  if (state.previousJti === presented.jti && state.withinGrace) return sessionOf(state)
  await endReusedSession(deps, state, sender)
  throw final('refresh_reused')
}

/**
 * Ends a session whose token was used twice, and mails the owner at most once an hour (LOG-04). Commits
 * before the caller throws.
 */
async function endReusedSession(
  deps: RefreshDeps,
  state: SessionState,
  sender: Sender
): Promise<void> {
  const { userId, sessionId } = state
  await deps.db.transaction(async tx => {
    await revokeSession(tx, { userId, sessionId })
    await record(tx, {
      event: 'session.refresh_reused',
      outcome: 'failure',
      actorId: null,
      subjectId: userId,
      sessionId,
      sender
    })
    const owner = accountOf(state)
    await notifyOwner(tx, deps, owner, { template: 'session-ended', quietSeconds: 3600 })
  })
  deps.log.warn(
    { event: 'session.refresh_reused', userId, sessionId },
    'a refresh token was used twice; session ended'
  )
}

const final = (
  code:
    | 'token_not_valid'
    | 'refresh_reused'
    | 'session_expired'
    | 'no_active_account'
    | 'email_not_verified'
) => new Problem(code, { final: true })
