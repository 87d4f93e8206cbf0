import { record } from '../audit/record.js'
import { newJti } from '../base/crypto/random.js'
import { Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { enqueue } from '../mail/enqueue.js'
import { satisfiesMode } from '../mfa/policy.js'
import { revokeAllSessions, revokeSession } from './revoke.js'
import {
  type Device,
  firstRow,
  type Grant,
  type GrantRow,
  grantColumns,
  grantOf,
  type Transport
} from './session.js'

/** A refresh token whose signature held, and how it came. */
export type Presented = {
  readonly sessionId: string
  readonly userId: string
  readonly jti: string
  /** The token's own `exp` has passed. */
  readonly expired: boolean
  readonly transport: Transport
}

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
RETURNING ${grantColumns}`
}

type Standing = GrantRow & {
  readonly previousJti: string | null
  readonly withinGrace: boolean
  readonly pastIdle: boolean
  readonly pastLifetime: boolean
  readonly owesFactor: boolean
}

// A grace of no seconds is none, also within the millisecond that a moment is rounded to.
const readStanding = {
  name: 'read-session-standing',
  text: `
SELECT ${grantColumns}, s."previousJti",
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
 *   `details.spent` says that this token can never work again.
 */
export async function refresh(
  deps: RefreshDeps,
  presented: Presented,
  device: Device
): Promise<Grant> {
  const { db, config } = deps
  if (!presented.expired) {
    const row = await firstRow<GrantRow>(db, rotateSession, [
      presented.sessionId,
      presented.userId,
      presented.jti,
      newJti(),
      presented.transport,
      config.JWT_ALLAUTH_REFRESH_TOKEN_LIFETIME,
      config.JWT_ALLAUTH_SESSION_LIFETIME,
      device.ip,
      device.userAgent,
      config.EMAIL_VERIFICATION === 'mandatory',
      config.JWT_ALLAUTH_MFA_TOTP_MODE
    ])
    if (row !== null) return grantOf(row)
  }
  return explain(deps, presented, device)
}

/** Why the rotation found nothing: a retry within the grace, an ended session, or theft. */
async function explain(deps: RefreshDeps, presented: Presented, device: Device): Promise<Grant> {
  const { db, config } = deps
  const { sessionId, userId } = presented
  const standing = await firstRow<Standing>(db, readStanding, [
    sessionId,
    userId,
    config.REFRESH_REUSE_GRACE_SECONDS,
    config.JWT_ALLAUTH_SESSION_LIFETIME,
    config.JWT_ALLAUTH_MFA_TOTP_MODE
  ])
  if (standing === null) throw spent('token_not_valid')
  if (!standing.userIsActive) {
    await revokeAllSessions(db, { userId })
    throw spent('no_active_account')
  }
  // Opened while none was asked for. The epoch stays: the link that confirms the address depends on it.
  if (config.EMAIL_VERIFICATION === 'mandatory' && standing.userEmailVerifiedAt === null) {
    await revokeSession(db, { userId, sessionId })
    throw spent('email_not_verified')
  }
  if (standing.transport !== presented.transport) throw new Problem('token_not_valid')
  if (standing.pastLifetime) {
    await revokeSession(db, { userId, sessionId })
    throw spent('session_expired')
  }
  // Opened while no factor was asked for: it has to sign in again, and is asked then (MFA-10).
  if (standing.owesFactor) {
    await revokeSession(db, { userId, sessionId })
    throw spent('token_not_valid')
  }
  if (standing.pastIdle || presented.expired) throw spent('token_not_valid')
  // Refused a moment ago, in order now: the account was enabled between the two statements.
  if (standing.jti === presented.jti)
    throw new Problem('busy', { params: { seconds: 1 }, retryAfter: 1 })
  if (standing.previousJti === presented.jti && standing.withinGrace) return grantOf(standing)
  await endStolen(deps, standing, device)
  throw spent('refresh_reused')
}

/**
 * Ends a session whose token was used twice, and tells the owner (LOG-04); the refusal comes after
 * this has committed. A mailbox that nobody has proved to read is left in peace, and a proved one
 * hears of it once an hour at most.
 */
async function endStolen(deps: RefreshDeps, standing: Standing, origin: Device): Promise<void> {
  const { userId, sessionId, userEmail, userEmailVerifiedAt, userLocale } = standing
  const when = deps.clock().toISOString()
  await deps.db.transaction(async tx => {
    await revokeSession(tx, { userId, sessionId })
    await record(tx, {
      event: 'session.refresh_reused',
      outcome: 'failure',
      actorId: null,
      subjectId: userId,
      sessionId,
      origin
    })
    if (userEmailVerifiedAt === null) return
    await enqueue(tx, deps, {
      template: 'session-ended',
      userId,
      recipient: userEmail,
      locale: userLocale ?? deps.config.DEFAULT_LOCALE,
      params: { when },
      quietSeconds: 3600
    })
  })
  deps.log.warn(
    { event: 'session.refresh_reused', userId, sessionId },
    'a refresh token was used twice; session ended'
  )
}

const spent = (
  code:
    | 'token_not_valid'
    | 'refresh_reused'
    | 'session_expired'
    | 'no_active_account'
    | 'email_not_verified'
) => new Problem(code, { spent: true })
