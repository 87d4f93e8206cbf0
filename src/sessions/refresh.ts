import { accountOf } from '../accounts/account.js'
import { record } from '../audit/record.js'
import { newJti } from '../base/crypto/random.js'
import { Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { notifyOwner } from '../mail/notify-owner.js'
import { satisfiesMode } from '../mfa/policy.js'
import type { Sender } from '../sender.js'
import { revokeAllSessions, revokeSession } from './revoke.js'
import {
  firstRow,
  type RefreshToken,
  type Session,
  type SessionRow,
  sessionColumns,
  sessionOf
} from './session.js'

type RefreshDeps = Pick<Deps, 'db' | 'config' | 'clock' | 'log' | 'outboxKeys'>

const provedEnough = (mode: string) => satisfiesMode({ mode, amr: 's."amr"', userId: 's."userId"' })

/** The row lock decides every race: of many refreshes with one token, one finds its `jti` still there. */
const rotateSession = {
  name: 'rotate-session',
  text: `
UPDATE "Session" s SET
  "previousJti" = s."jti", "jti" = $4::uuid, "rotatedAt" = now(), "lastUsedAt" = now(),
  "expiresAt" = LEAST(now() + make_interval(secs => $6::float8), s."createdAt" + make_interval(secs => $7::float8)),
  "ip" = $8::text, "userAgent" = $9::text
FROM "User" u
WHERE s."id" = $1::uuid AND s."userId" = $2::uuid AND s."jti" = $3::uuid AND s."transport" = $5::"Transport"
  AND s."expiresAt" > now() AND COALESCE(s."createdAt" + make_interval(secs => $7::float8) > now(), true)
  AND u."id" = s."userId" AND u."isActive" AND (NOT $10::boolean OR u."emailVerifiedAt" IS NOT NULL)
  AND ${provedEnough('$11')}
RETURNING ${sessionColumns}`
}

type SessionState = SessionRow & {
  readonly previousJti: string | null
  readonly withinGrace: boolean
  readonly pastIdle: boolean
  readonly pastLifetime: boolean
  readonly owesFactor: boolean
}

// A grace of no seconds is none, also within the millisecond that a moment is rounded to.
const readSessionState = {
  name: 'read-session-state',
  text: `
SELECT ${sessionColumns}, s."previousJti",
  COALESCE(s."rotatedAt" + make_interval(secs => NULLIF($3::float8, 0)) > now(), false) AS "withinGrace",
  s."expiresAt" <= now() AS "pastIdle",
  COALESCE(s."createdAt" + make_interval(secs => $4::float8) <= now(), false) AS "pastLifetime",
  NOT ${provedEnough('$5')} AS "owesFactor"
FROM "Session" s JOIN "User" u ON u."id" = s."userId"
WHERE s."id" = $1::uuid AND s."userId" = $2::uuid`
}

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
    const row = await firstRow<SessionRow>(db, rotateSession, [
      presented.sessionId,
      presented.userId,
      presented.jti,
      newJti(),
      presented.transport,
      config.JWT_ALLAUTH_REFRESH_TOKEN_LIFETIME,
      config.JWT_ALLAUTH_SESSION_LIFETIME,
      sender.ip,
      sender.userAgent,
      config.EMAIL_VERIFICATION === 'mandatory',
      config.JWT_ALLAUTH_MFA_TOTP_MODE
    ])
    if (row !== null) return sessionOf(row)
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
  const state = await firstRow<SessionState>(db, readSessionState, [
    sessionId,
    userId,
    config.REFRESH_REUSE_GRACE_SECONDS,
    config.JWT_ALLAUTH_SESSION_LIFETIME,
    config.JWT_ALLAUTH_MFA_TOTP_MODE
  ])
  if (state === null) throw final('token_not_valid')
  if (!state.userIsActive) {
    await revokeAllSessions(db, { userId })
    throw final('no_active_account')
  }
  // Opened while none was asked for. The epoch stays: the link that confirms the address depends on it.
  if (config.EMAIL_VERIFICATION === 'mandatory' && state.userEmailVerifiedAt === null) {
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
  if (state.pastIdle || presented.expired) throw final('token_not_valid')
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
