import type { Database } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'
import { isSendable } from './sql.js'

export type MailState = 'queued' | 'sent' | 'dead' | 'dropped'

/** A mail in the list of an operator, without content and secret. */
export type ListedMail = {
  readonly id: string
  readonly userId: string | null
  readonly template: string
  readonly recipient: string
  readonly state: MailState
  readonly attempts: number
  readonly nextAttemptAt: Date
  readonly lastError: string | null
  readonly createdAt: Date
  readonly settledAt: Date | null
}

type Page = {
  readonly state?: MailState
  readonly limit?: number
  /** The last id of the previous page. */
  readonly before?: string
}

/** One page of mails, newest first. */
export async function listMails(
  db: Database,
  { state, limit = 50, before }: Page = {}
): Promise<readonly ListedMail[]> {
  return db.prisma.mail.findMany({
    where: { ...(state && { state }), ...(before && { id: { lt: before } }) },
    orderBy: { id: 'desc' },
    take: limit,
    select: {
      id: true,
      userId: true,
      template: true,
      recipient: true,
      state: true,
      attempts: true,
      nextAttemptAt: true,
      lastError: true,
      createdAt: true,
      settledAt: true
    }
  })
}

/** `void`: its link is superseded, redeemed, expired or void. */
export type ResendOutcome = 'queued' | 'unknown' | 'not_dead' | 'void'

/** Queues a dead mail again for a whole day of attempts, unless its link is void. */
export async function resendMail(db: Database, id: string): Promise<ResendOutcome> {
  const statement = sql`
    WITH wanted AS (
      SELECT m."id", m."state", ${isSendable} AS "isSendable"
      FROM "Mail" m LEFT JOIN "Link" l ON l."id" = m."linkId" LEFT JOIN "User" u ON u."id" = l."userId"
      WHERE m."id" = ${id}::uuid FOR UPDATE OF m
    ), requeued AS (
      UPDATE "Mail" m SET "state" = 'queued', "settledAt" = NULL, "attempts" = 0, "leasedUntil" = NULL,
        "nextAttemptAt" = now(), "createdAt" = now()
      FROM wanted w WHERE m."id" = w."id" AND w."state" = 'dead' AND w."isSendable"
    )
    SELECT "state"::text, "isSendable" FROM wanted`
  const [mail] = await db.run<{ state: MailState; isSendable: boolean }>('resend-mail', statement)
  if (mail === undefined) return 'unknown'
  if (mail.state !== 'dead') return 'not_dead'
  if (!mail.isSendable) return 'void'
  db.notify('mail')
  return 'queued'
}
