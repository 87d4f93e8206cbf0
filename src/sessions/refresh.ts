import { accountOf } from '../accounts/account.js'
import { maySignIn } from '../accounts/sql.js'
import { record } from '../audit/record.js'
import type { Config } from '../base/config/load.js'
import { newJti } from '../base/crypto/random.js'
import type { Database } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'
import { Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { networkOf } from '../limits/network.js'
import { notifyOwner } from '../mail/notify-owner.js'
import { satisfiesPolicy, underPolicy } from '../mfa/policy.js'
import type { Sender } from '../sender.js'
import { revokeAllSessions, revokeSession } from './revoke.js'
import {
  absoluteEnd,
  graceOf,
  isChild,
  isLate,
  isUnknown,
  isUsed,
  isYoung,
  liveSession,
  nextEnd,
  type RefreshToken,
  type Session,
  type SessionRow,
  sessionColumns,
  sessionOf,
  takesToken
} from './session.js'

type RefreshDeps = Pick<
  Deps,
  'db' | 'config' | 'clock' | 'log' | 'attemptKey' | 'outboxKeys' | 'metrics'
>

const hasRequiredFactor = (config: Config) => satisfiesPolicy(config, sql`s."amr"`, sql`s."userId"`)

/**
 * Makes the next token where one is due: a token is used, or the answer to the one that was used last
 * was lost. The row lock orders parallel refreshes, so a burst makes one (SES-03).
 */
const rotateSession = (token: RefreshToken, sender: Sender, config: Config) => {
  const used = isUsed(token)
  return sql`
UPDATE "Session" s SET
  "usedBeforeJti" = CASE WHEN ${used} THEN s."usedBeforeJti" ELSE s."previousJti" END,
  "previousJti" = ${token.jti}::uuid,
  "generation" = CASE WHEN ${used} THEN s."generation" ELSE COALESCE(${token.generation}::int4, s."generation") + 1 END,
  "rotatedAt" = CASE WHEN ${used} THEN s."rotatedAt" ELSE now() END,
  "jti" = ${newJti()}::uuid, "nextAt" = now(), "lastUsedAt" = now(),
  "expiresAt" = ${nextEnd(config, sql`s."createdAt"`)}, "ip" = ${sender.ip}::text, "userAgent" = ${sender.userAgent}::text
FROM "User" u
WHERE s."id" = ${token.sessionId}::uuid AND s."userId" = ${token.userId}::uuid
  AND CASE WHEN ${graceOf(config)} = 0 THEN s."jti" = ${token.jti}::uuid
    ELSE ((${isChild(token)} OR ${used}) AND NOT ${isYoung(config)}) OR ${isUnknown(token)} END
  AND s."transport" = ${token.transport}::"Transport" AND ${liveSession}
  AND COALESCE(${absoluteEnd(config, sql`s."createdAt"`)} > now(), true)
  AND u."id" = s."userId" AND ${maySignIn(config)} AND ${hasRequiredFactor(config)}
RETURNING ${sessionColumns},
  CASE
    WHEN s."rotatedAt" < s."nextAt" THEN 'replaced'
    WHEN s."usedBeforeJti" <> ${token.parentJti}::uuid THEN 'recovered'
    ELSE 'rotated'
  END AS "outcome"`
}

/** What the statement made of the token: used it, replaced a lost answer, or took a generation that was forgotten. */
type RotatedRow = SessionRow & { readonly outcome: 'rotated' | 'replaced' | 'recovered' }

type SessionState = SessionRow & {
  /** The address that the newest token was given to. */
  readonly ip: string | null
  /** What the session does with the token. `due`: the statement above would make the next one now. */
  readonly verdict: 'due' | 'same' | 'next' | 'late' | 'stolen'
  readonly isLive: boolean
  readonly pastLifetime: boolean
  readonly maySignIn: boolean
  readonly lacksFactor: boolean
}

const readSessionState = (token: RefreshToken, config: Config) => sql`
SELECT ${sessionColumns}, s."ip", ${liveSession} AS "isLive", ${maySignIn(config)} AS "maySignIn",
  CASE
    WHEN NOT ${takesToken(token, config)} THEN 'stolen'
    WHEN ${graceOf(config)} = 0 THEN 'due'
    WHEN ${isChild(token)} THEN CASE WHEN ${isYoung(config)} THEN 'same' ELSE 'due' END
    WHEN ${isUsed(token)} THEN CASE WHEN ${isYoung(config)} THEN 'next' ELSE 'due' END
    WHEN ${isLate(token, config)} THEN 'late'
    ELSE 'due'
  END AS "verdict",
  COALESCE(${absoluteEnd(config, sql`s."createdAt"`)} <= now(), false) AS "pastLifetime",
  NOT ${hasRequiredFactor(config)} AS "lacksFactor"
FROM "Session" s JOIN "User" u ON u."id" = s."userId"
WHERE s."id" = ${token.sessionId}::uuid AND s."userId" = ${token.userId}::uuid`

/** `isNews`: the refresh token is new, or newer than the one presented; the client's store has to learn of it. */
export type Refreshed = { readonly session: Session; readonly isNews: boolean }

type Answer = Refreshed & { readonly outcome: RotatedRow['outcome'] | 'repeated' }

/**
 * Answers a refresh token (RFC 9700 §4.14.2), usually with one statement. A token is used once, and its
 * child takes its place. Requests that arrive together, answers that were lost or came late, and a
 * database that forgot are told from theft by what the token says of its parent and generation:
 *
 * - a child of the last used token is used, unless a sibling was made within the grace: then it goes on;
 * - the last used token itself gets its child again within the grace, and another child later. Of the
 *   children the first one used decides, and the others are strangers then;
 * - the token before, or another child of it, gets the newest one within the grace;
 * - a generation that the session does not know is used: the database has forgotten;
 * - any other is stolen, and the session ends.
 *
 * @throws {Problem} `token_not_valid`, `refresh_reused`, `session_expired`, `no_active_account`, `busy`.
 *   `details.final` says that this token can never work again.
 */
export async function refresh(
  deps: RefreshDeps,
  presented: RefreshToken,
  sender: Sender
): Promise<Refreshed> {
  const { refreshes } = deps.metrics
  try {
    const { outcome, ...refreshed } = await answer(deps, presented, sender)
    refreshes.inc({ outcome })
    return refreshed
  } catch (error) {
    // Without a verdict of the session, for example while the database is away, nothing is counted.
    if (error instanceof Problem && error.statusCode < 500)
      refreshes.inc({ outcome: refusalOf(error, presented) })
    throw error
  }
}

function refusalOf({ code }: Problem, { expired }: RefreshToken): 'reused' | 'expired' | 'refused' {
  if (code === 'refresh_reused') return 'reused'
  return expired || code === 'session_expired' ? 'expired' : 'refused'
}

async function answer(deps: RefreshDeps, presented: RefreshToken, sender: Sender): Promise<Answer> {
  const { db, config } = deps
  for (let attempt = 0; attempt < 3; attempt++) {
    if (!presented.expired) {
      const statement = rotateSession(presented, sender, config)
      const [row] = await db.run<RotatedRow>(underPolicy(config, 'rotate-session'), statement)
      if (row !== undefined) return { session: sessionOf(row), isNews: true, outcome: row.outcome }
    }
    const unrotated = await answerWithoutRotation(deps, presented, sender)
    if (unrotated !== 'due') return { ...unrotated, outcome: 'repeated' }
  }
  throw new Problem('busy', { params: { seconds: 1 }, retryAfter: 1 })
}

/**
 * Finds out why the statement updated no row: requests that belong together, an ended session, or a stolen
 * token. `due`: the grace passed between the two statements, or the account was enabled.
 */
async function answerWithoutRotation(
  deps: RefreshDeps,
  presented: RefreshToken,
  sender: Sender
): Promise<Refreshed | 'due'> {
  const { db, config } = deps
  const { sessionId, userId } = presented
  const statement = readSessionState(presented, config)
  const [state] = await db.run<SessionState>(underPolicy(config, 'read-session-state'), statement)
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
  if (state.verdict === 'due') return 'due'
  if (state.verdict === 'stolen') {
    await endReusedSession(deps, state, sender)
    throw final('refresh_reused')
  }
  await recordForeignRepetition(db, state, sender)
  const session = sessionOf(state)
  if (state.verdict !== 'same') return { session, isNews: state.verdict === 'late' }
  const { jti, parentJti, generation } = presented
  const own = { jti, parentJti, generation: generation ?? state.generation }
  return { session: { ...session, ...own }, isNews: false }
}

/** Leaves a trail where a token is repeated within the grace from another network: a fast thief does that, and a phone. */
async function recordForeignRepetition(
  db: Database,
  { userId, sessionId, ip }: SessionState,
  sender: Sender
): Promise<void> {
  if (ip === null || sender.ip === null || networkOf(ip) === networkOf(sender.ip)) return
  const event = 'session.refresh_repeated'
  await record(db, { event, actorId: null, subjectId: userId, sessionId, sender })
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
    const notice = { template: 'session-ended', sender, quietSeconds: 3600 } as const
    await notifyOwner(tx, deps, owner, notice)
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
