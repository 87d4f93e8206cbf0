import { type LockedAccount, lockUnchangedAccount } from '../accounts/lock.js'
import { auditEvent } from '../audit/record.js'
import { digest } from '../base/crypto/digest.js'
import { newChallengeToken, newId } from '../base/crypto/random.js'
import type { Database } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'
import { Problem } from '../base/errors/problem.js'
import { type Reservation, refundAttempts } from '../limits/budgets.js'
import type { Sender } from '../sender.js'

/** `login` waits for a code; `setup` is for an account without a factor, and allows to set one up. */
export type ChallengeKind = 'login' | 'setup'

declare const challengeToken: unique symbol
/** The secret of a challenge, as answers hold it. The table has its digest. */
export type ChallengeToken = string & { readonly [challengeToken]: true }

/** A challenge that was just made; for a decoy there is no row. */
export type NewChallenge = { readonly id: string; readonly token: ChallengeToken }

/** What somebody proved so far, at a moment when the account had this credential epoch. */
type Proved = {
  readonly userId: string
  readonly credentialEpoch: number
  readonly amr: readonly string[]
  /** Attempts that this proof shows to be no failures; given back with the challenge. */
  readonly reservation?: Reservation
}

/** Five minutes (contract 3.1); a setup that is begun gets them again, within a quarter of an hour. */
const lifeSeconds = 300
const longestSetupSeconds = 900

/**
 * Makes the challenge that is due to an account, if it is one of these kinds. `kind` is null when
 * there is none: the account is not there, changed its credentials, or owes another kind.
 */
export async function createChallenge(
  db: Database,
  { userId, credentialEpoch, amr, reservation }: Proved,
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
        now() + make_interval(secs => ${lifeSeconds}::float8)
      FROM account WHERE "kind" = ANY (${kinds}::"MfaChallengeKind"[])
      RETURNING "kind", "userId"
    ), ${refundAttempts(reservation?.keys ?? [], sql`EXISTS (SELECT FROM challenge)`)},
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

/** A challenge that may still be met, and whose it is. */
export type Challenge = {
  readonly id: string
  readonly userId: string
  readonly email: string
  readonly credentialEpoch: number
  readonly amr: readonly ('pwd' | 'email')[]
}

/** How a challenge is named: by the token that an answer holds, or by the id that a flow cookie holds. */
export type ChallengeKey = { readonly token: string } | { readonly id: string }

/** The challenge of a key: null alike for an unknown, expired, used and voided one, and another kind. */
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

/** The setup challenge is not there any more, or never was. */
export const setupNotValid = (): Problem => new Problem('setup_challenge_invalid')

/**
 * Runs a change that a setup challenge allows, under the account's lock.
 *
 * @throws {Problem} `setup_challenge_invalid`, where the account changed its credentials or was disabled.
 */
export const commitByChallenge = <T>(
  db: Database,
  challenge: Challenge,
  change: (tx: Database, account: LockedAccount) => Promise<T>
): Promise<T> =>
  db.transaction(async tx => change(tx, await lockUnchangedAccount(tx, challenge, setupNotValid)))

/** Takes one of a challenge's attempts before a code is looked at: which it is, or null when none is left (MFA-05). */
export async function reserveAttempt(
  db: Database,
  challengeId: string,
  limit: number
): Promise<number | null> {
  const statement = sql`
    UPDATE "MfaChallenge" SET "attempts" = "attempts" + 1
    WHERE "id" = ${challengeId}::uuid AND "expiresAt" > now() AND (${limit}::int4 = 0 OR "attempts" < ${limit}::int4)
    RETURNING "attempts"`
  const [row] = await db.run<{ attempts: number }>('take-mfa-attempt', statement)
  return row?.attempts ?? null
}

/** Uses a challenge up; whether it was still there. Of parallel answers one succeeds (MFA-09). */
export async function useChallenge(db: Database, challengeId: string): Promise<boolean> {
  const { count } = await db.prisma.mfaChallenge.deleteMany({ where: { id: challengeId } })
  return count > 0
}

/** Lets a setup go on for the time that its secret is shown: finding an app takes a while. */
export async function extendSetup(db: Database, challengeId: string): Promise<void> {
  const statement = sql`
    UPDATE "MfaChallenge" SET "expiresAt" = LEAST(
      "createdAt" + make_interval(secs => ${longestSetupSeconds}::float8),
      GREATEST("expiresAt", now() + make_interval(secs => ${lifeSeconds}::float8)))
    WHERE "id" = ${challengeId}::uuid AND "expiresAt" > now()`
  await db.run('extend-mfa-setup', statement)
}

/** Ends every challenge of an account. */
export async function dropChallenges(tx: Database, userId: string): Promise<void> {
  await tx.prisma.mfaChallenge.deleteMany({ where: { userId } })
}
