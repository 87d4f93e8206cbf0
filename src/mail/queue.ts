import type { Database } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'
import type { Failure } from '../base/outbox/retry.js'
import type { LinkPurpose } from '../links/link-url.js'
import { isSendable, withoutOrigin } from './sql.js'

/** A mail that only this worker may send until the lease ends. */
export type ClaimedMail = {
  readonly id: string
  readonly template: string
  readonly recipient: string
  readonly locale: string
  readonly params: Readonly<Record<string, string | number>>
  readonly sealedSecret: Uint8Array | null
  /** The number of this attempt. A later attempt by another worker has a higher one. */
  readonly attempts: number
  readonly createdAt: Date
  readonly link: {
    readonly purpose: LinkPurpose
    readonly userId: string
    readonly createdAt: Date
    readonly expiresAt: Date
  } | null
  /** The address of the person who invites, in an invitation; null for an operator. */
  readonly inviter: string | null
}

type Row = Omit<ClaimedMail, 'link'> & {
  readonly state: 'queued' | 'dropped'
  readonly purpose: LinkPurpose | null
  readonly userId: string
  readonly linkCreatedAt: Date
  readonly expiresAt: Date
}

type Claim = { readonly mails: readonly ClaimedMail[]; readonly droppedIds: readonly string[] }

/**
 * Claims up to `limit` due mails, each for `leaseSeconds`, and drops those whose link is not live any
 * more. One statement does both, so no other worker can claim a mail in between.
 */
export async function claim(
  db: Database,
  { limit, leaseSeconds }: { limit: number; leaseSeconds: number }
): Promise<Claim> {
  const statement = sql`
    WITH due AS MATERIALIZED (
      SELECT m."id", ${isSendable} AS "isSendable", l."purpose", l."userId", l."createdAt", l."expiresAt",
        by_user."email" AS "inviter"
      FROM "Mail" m LEFT JOIN "Link" l ON l."id" = m."linkId" LEFT JOIN "User" u ON u."id" = l."userId"
      -- Read when the mail is sent, so that the outbox keeps no address of another person. An address that the
      -- inviter has not confirmed may be anybody's.
      LEFT JOIN "Invitation" i ON m."template" = 'invitation' AND i."userId" = l."userId"
      LEFT JOIN "User" by_user ON by_user."id" = i."inviterId" AND by_user."emailVerifiedAt" IS NOT NULL
      WHERE m."state" = 'queued' AND m."nextAttemptAt" <= now()
        AND (m."leasedUntil" IS NULL OR m."leasedUntil" <= now())
      ORDER BY m."nextAttemptAt" LIMIT ${limit}::int4 FOR UPDATE OF m SKIP LOCKED
    )
    UPDATE "Mail" m SET
      "attempts" = m."attempts" + CASE WHEN d."isSendable" THEN 1 ELSE 0 END,
      "leasedUntil" = CASE WHEN d."isSendable" THEN now() + make_interval(secs => ${leaseSeconds}::float8) END,
      "state" = CASE WHEN d."isSendable" THEN 'queued' ELSE 'dropped' END::"MailState",
      "settledAt" = CASE WHEN d."isSendable" THEN NULL ELSE now() END,
      "sealedSecret" = CASE WHEN d."isSendable" THEN m."sealedSecret" END,
      "params" = CASE WHEN d."isSendable" THEN m."params" ELSE ${withoutOrigin} END
    FROM due d WHERE m."id" = d."id"
    RETURNING m."id", m."state"::text, m."template", m."recipient", m."locale", m."params", m."sealedSecret",
      m."attempts", m."createdAt", d."purpose"::text, d."userId", d."createdAt" AS "linkCreatedAt", d."expiresAt",
      d."inviter"`
  const rows = await db.run<Row>('claim-mails', statement)
  return {
    mails: rows.filter(({ state }) => state === 'queued').map(toMail),
    droppedIds: rows.filter(({ state }) => state === 'dropped').map(({ id }) => id)
  }
}

function toMail({
  state: _,
  purpose,
  userId,
  linkCreatedAt,
  expiresAt,
  ...mail
}: Row): ClaimedMail {
  const link = purpose && { purpose, userId, createdAt: linkCreatedAt, expiresAt }
  return { ...mail, link }
}

/** Marks a mail as sent and erases its secret and origin. Another worker that has claimed it finds it settled. */
export async function settleSent(db: Database, { id }: ClaimedMail): Promise<void> {
  const statement = sql`
    UPDATE "Mail" SET "state" = 'sent', "settledAt" = now(), "sealedSecret" = NULL, "params" = ${withoutOrigin},
      "leasedUntil" = NULL, "lastError" = NULL
    WHERE "id" = ${id}::uuid AND "state" = 'queued'
    RETURNING 1`
  await db.run('settle-mail-sent', statement)
}

type Retry = { readonly afterSeconds: number; readonly giveUpAfterSeconds: number }

/**
 * Queues a failed mail again, or marks it dead after a permanent failure or at the end of its time.
 * Returns the new state; null when another worker has taken over the lease, which changes nothing.
 */
export async function settleFailure(
  db: Database,
  { id, attempts }: ClaimedMail,
  { permanent, summary }: Failure,
  { afterSeconds, giveUpAfterSeconds }: Retry
): Promise<'queued' | 'dead' | null> {
  const givenUpAt = sql`"createdAt" + make_interval(secs => ${giveUpAfterSeconds}::float8)`
  const statement = sql`
    UPDATE "Mail" SET
      "state" = CASE WHEN final THEN 'dead' ELSE 'queued' END::"MailState",
      "settledAt" = CASE WHEN final THEN now() END,
      "nextAttemptAt" = LEAST(now() + make_interval(secs => ${afterSeconds}::float8), ${givenUpAt}),
      "leasedUntil" = NULL, "lastError" = ${summary}::text
    FROM (SELECT "id" AS "failedId", ${permanent}::bool OR ${givenUpAt} <= now() AS final
      FROM "Mail" WHERE "id" = ${id}::uuid) failed
    WHERE "id" = "failedId" AND "state" = 'queued' AND "attempts" = ${attempts}::int4
    RETURNING "state"::text`
  const [row] = await db.run<{ state: 'queued' | 'dead' }>('settle-mail-failed', statement)
  return row?.state ?? null
}

/** Releases claimed mails that were not started. */
export async function release(db: Database, mails: readonly ClaimedMail[]): Promise<void> {
  if (mails.length === 0) return
  const statement = sql`
    UPDATE "Mail" SET "leasedUntil" = NULL, "attempts" = "attempts" - 1
    WHERE "id" = ANY (${mails.map(({ id }) => id)}::uuid[]) AND "state" = 'queued'
    RETURNING 1`
  await db.run('release-mails', statement)
}
