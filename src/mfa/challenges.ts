import { type LockedAccount, lockUnchangedAccount } from '../accounts/lock.js'
import { auditEvent } from '../audit/record.js'
import { digest } from '../base/crypto/digest.js'
import { newChallengeToken, newId } from '../base/crypto/random.js'
import type { Database } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'
import { Problem } from '../base/errors/problem.js'
import { nothingReserved, type Reservation, refundAttempts } from '../limits/budgets.js'
import type { Sender } from '../sender.js'

/** `login` waits for a code. `setup` lets an account without a second factor set one up. */
export type ChallengeKind = 'login' | 'setup'

declare const challengeToken: unique symbol
/** The secret of a challenge, which the client gets. The table stores its digest. */
export type ChallengeToken = string & { readonly [challengeToken]: true }

/** A new challenge. A decoy has no row. */
export type NewChallenge = { readonly id: string; readonly token: ChallengeToken }

/** An authentication that needs a second factor, and the credential epoch it was checked against. */
type FirstFactor = {
  readonly userId: string
  readonly credentialEpoch: number
  readonly amr: readonly string[]
  /** Attempts of this authentication, which creating the challenge gives back. */
  readonly reservation?: Reservation
}

/** Each begin of a setup extends its challenge by the same time, up to the limit below. */
const lifetimeSeconds = 300
const maxSetupSeconds = 900

/**
 * Creates the challenge that an account needs, if it is one of these kinds. `kind` is null when no row is
 * created: the account was removed, disabled, changed its credentials, or needs another kind.
 */
export async function createChallenge(
  db: Database,
  { userId, credentialEpoch, amr, reservation }: FirstFactor,
  kinds: readonly ChallengeKind[],
  sender: Sender
): Promise<{ challenge: NewChallenge; kind: ChallengeKind | null }> {
  const challenge = { id: newId(), token: newChallengeToken() as ChallengeToken }
  const statement = sql`
    WITH account AS (
      SELECT u."id", CASE WHEN EXISTS (SELECT FROM "Authenticator" a WHERE a."userId" = u."id")
        THEN 'login' ELSE 'setup' END::"MfaChallengeKind" AS "kind"
      FROM "User" u
      WHERE u."id" = ${userId}::uuid AND u."credentialEpoch" = ${credentialEpoch}::int4 AND u."isActive"
    ), challenge AS (
      INSERT INTO "MfaChallenge" ("id", "kind", "userId", "digest", "credentialEpoch", "amr", "createdAt", "expiresAt")
      SELECT ${challenge.id}::uuid, "kind", "id", ${digest(challenge.token)}::text, ${credentialEpoch}::int4, ${amr}::text[], now(),
        now() + make_interval(secs => ${lifetimeSeconds}::float8)
      FROM account WHERE "kind" = ANY (${kinds}::"MfaChallengeKind"[])
      RETURNING "kind", "userId"
    ), ${refundAttempts(reservation ?? nothingReserved, sql`EXISTS (SELECT FROM challenge)`)},
    ${auditEvent({
      event: 'mfa.challenged',
      sender,
      from: sql`challenge`,
      actorId: sql`"userId"`,
      subjectId: sql`"userId"`,
      details: sql`jsonb_build_object('kind', "kind")`
    })}
    SELECT "kind"::text FROM challenge`
  const [row] = await db.run<{ kind: ChallengeKind }>('create-mfa-challenge', statement)
  return { challenge, kind: row?.kind ?? null }
}

/** A live challenge and its account. */
export type Challenge = {
  readonly id: string
  readonly userId: string
  readonly email: string
  readonly credentialEpoch: number
  readonly amr: readonly ('pwd' | 'email')[]
}

/** Identifies a challenge: by the token that the client got, or by the id in a flow cookie. */
export type ChallengeKey = { readonly token: string } | { readonly id: string }

/** The live challenge of a key. Null for an unknown, expired, used or void one, and for another kind. */
export async function findChallenge(
  db: Database,
  key: ChallengeKey,
  kind: ChallengeKind
): Promise<Challenge | null> {
  const token = 'token' in key ? digest(key.token) : null
  const statement = sql`
    SELECT c."id", c."userId", u."email", c."credentialEpoch", c."amr"
    FROM "MfaChallenge" c JOIN "User" u ON u."id" = c."userId"
    WHERE (c."digest" = ${token}::text OR c."id" = ${'id' in key ? key.id : null}::uuid)
      AND c."kind" = ${kind}::"MfaChallengeKind" AND c."expiresAt" > now()
      AND u."isActive" AND u."credentialEpoch" = c."credentialEpoch"`
  const [challenge] = await db.run<Challenge>('read-mfa-challenge', statement)
  return challenge ?? null
}

export const setupNotValid = (): Problem => new Problem('setup_challenge_invalid')

/**
 * Runs a change that a setup challenge allows, under the account's lock.
 *
 * @throws {Problem} `setup_challenge_invalid`, when the account changed its credentials or was disabled.
 */
export const commitByChallenge = <T>(
  db: Database,
  challenge: Challenge,
  change: (tx: Database, account: LockedAccount) => Promise<T>
): Promise<T> =>
  db.transaction(async tx => change(tx, await lockUnchangedAccount(tx, challenge, setupNotValid)))

/** Takes one attempt of a challenge before the check of the code; returns its number, null without one (MFA-05). */
export async function reserveAttempt(
  db: Database,
  challengeId: string,
  limit: number
): Promise<number | null> {
  const statement = sql`
    UPDATE "MfaChallenge" SET "attempts" = "attempts" + 1
    WHERE "id" = ${challengeId}::uuid AND "expiresAt" > now() AND (${limit}::int4 = 0 OR "attempts" < ${limit}::int4)
    RETURNING "attempts"`
  const [row] = await db.run<{ attempts: number }>('reserve-mfa-attempt', statement)
  return row?.attempts ?? null
}

/** Uses a challenge up; false when it was used already, so only one parallel code succeeds (MFA-09). */
export async function useChallenge(db: Database, challengeId: string): Promise<boolean> {
  const { count } = await db.prisma.mfaChallenge.deleteMany({ where: { id: challengeId } })
  return count > 0
}

/** Extends a setup challenge while its secret is shown, because installing an app takes time. */
export async function extendSetup(db: Database, challengeId: string): Promise<void> {
  const statement = sql`
    UPDATE "MfaChallenge" SET "expiresAt" = LEAST(
      "createdAt" + make_interval(secs => ${maxSetupSeconds}::float8),
      GREATEST("expiresAt", now() + make_interval(secs => ${lifetimeSeconds}::float8)))
    WHERE "id" = ${challengeId}::uuid AND "expiresAt" > now()`
  await db.run('extend-mfa-setup', statement)
}

/** Deletes every challenge of an account. */
export async function dropChallenges(tx: Database, userId: string): Promise<void> {
  await tx.prisma.mfaChallenge.deleteMany({ where: { userId } })
}
