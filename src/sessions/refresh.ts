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

const hasPolicyFactor = (config: Config) => satisfiesPolicy(config, sql`s."amr"`, sql`s."userId"`)

/** The row lock decides every race: of many refreshes with one token, one finds its `jti` still there. */
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
  AND u."id" = s."userId" AND ${maySignIn(config)} AND ${hasPolicyFactor(config)}
RETURNING ${sessionColumns}`

type SessionState = SessionRow & {
  readonly previousJti: string | null
  readonly withinGrace: boolean
  readonly isLive: boolean
  readonly pastLifetime: boolean
  readonly maySignIn: boolean
  readonly owesFactor: boolean
}

// A grace of 0 disables reuse entirely. NULLIF prevents a match within the same millisecond.
const readSessionState = ({ sessionId, userId }: RefreshToken, config: Config) => sql`
SELECT ${sessionColumns}, s."previousJti", ${liveSession} AS "isLive", ${maySignIn(config)} AS "maySignIn",
  COALESCE(s."rotatedAt" + make_interval(secs => NULLIF(${config.REFRESH_REUSE_GRACE_SECONDS}::float8, 0)) > now(), false)
    AS "withinGrace",
  COALESCE(${absoluteEnd(config, sql`s."createdAt"`)} <= now(), false) AS "pastLifetime",
  NOT ${hasPolicyFactor(config)} AS "owesFactor"
FROM "Session" s JOIN "User" u ON u."id" = s."userId"
WHERE s."id" = ${sessionId}::uuid AND s."userId" = ${userId}::uuid`

/**
 * Rotates a session (RFC 9700 §4.14.2, design rule 2): one statement in the ordinary case. When it
 * updates nothing, one read tells why, and only a token that the session has left behind is theft.
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

/** Why the rotation found nothing: a retry within the grace, an ended session, or theft. */
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
  // Opened while none was asked for. The epoch stays: the link that confirms the address depends on it.
  if (!state.maySignIn) {
    await revokeSession(db, { userId, sessionId })
    throw final('email_not_verified')
  }
  if (state.transport !== presented.transport) throw new Problem('token_not_valid')
  if (state.pastLifetime) {
    await revokeSession(db, { userId, sessionId })
    throw final('session_expired')
  }
  // Opened while no factor was asked for: it has to sign in again, and is asked then (MFA-10).
  if (state.owesFactor) {
    await revokeSession(db, { userId, sessionId })
    throw final('token_not_valid')
  }
  if (!state.isLive || presented.expired) throw final('token_not_valid')
  // Refused a moment ago, in order now: the account was enabled between the two statements.
  if (state.jti === presented.jti)
    throw new Problem('busy', { params: { seconds: 1 }, retryAfter: 1 })
  if (state.previousJti === presented.jti && state.withinGrace) return sessionOf(state)
  await endStolen(deps, state, sender)
  throw final('refresh_reused')
}

/**
 * Ends a session whose token was used twice, and tells the owner (LOG-04); the refusal comes after
 * this has committed. A mailbox that nobody has proved to read is left in peace, and a proved one
 * hears of it once an hour at most.
 */
async function endStolen(deps: RefreshDeps, state: SessionState, sender: Sender): Promise<void> {
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
