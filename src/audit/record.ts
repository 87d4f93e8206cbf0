import { newId } from '../base/crypto/random.js'
import type { Statements } from '../base/database/database.js'
import { type Sql, sql } from '../base/database/sql.js'
import { networkOf } from '../limits/network.js'
import type { Sender } from '../sender.js'

/** Every event of the trail. Names never change: the queries of operators use them. */
export const auditEvents = [
  'account.created',
  'account.deleted',
  'account.deletion_requested',
  'account.deletion_undone',
  'account.disabled',
  'account.enabled',
  'account.exported',
  'account.role_changed',
  'account.yielded',
  'accounts.imported',
  'email.change_requested',
  'email.change_undone',
  'email.changed',
  'email.verified',
  'invitation.accepted',
  'invitation.revoked',
  'invitation.sent',
  'login',
  'logout',
  'logout.all',
  'logout.device',
  'logout.others',
  'mfa.challenged',
  'mfa.disabled',
  'mfa.enabled',
  'mfa.failed',
  'mfa.recovery_code_used',
  'mfa.recovery_codes_renewed',
  'password.changed',
  'password.reset',
  'password.reset_link_created',
  'reauthentication',
  'session.opened',
  'session.refresh_repeated',
  'session.refresh_reused'
] as const
export type AuditEventName = (typeof auditEvents)[number]

/** What the trail stores of a sender. */
type Traced = Pick<Sender, 'ip' | 'userAgent' | 'operator'>

type AuditEvent = {
  readonly event: AuditEventName
  readonly outcome?: 'success' | 'failure'
  /** The account that acts; null for an unauthenticated client and for an operator. */
  readonly actorId: string | null
  /** The account that is affected; null for an address without an account. */
  readonly subjectId: string | null
  readonly sessionId?: string | null
  readonly sender: Traced
  /** Facts of the event; never a secret, never typed text (LOG-02). */
  readonly details?: Readonly<Record<string, string | number | boolean | readonly string[]>>
}

/** Actor and subject of an event where the owner of an account acts on it. */
export const byOwner = (userId: string) => ({ actorId: userId, subjectId: userId })

const columns = sql`
  "id", "at", "event", "outcome", "actorId", "subjectId", "sessionId", "network", "userAgent", "details"`

/** Records an event in the transaction that changes the state, so that both commit or neither (LOG-05). */
export async function record(tx: Statements, event: AuditEvent): Promise<void> {
  const { outcome = 'success', sessionId = null, sender } = event
  const { operator } = sender
  const details = { ...event.details, ...(operator === undefined ? {} : { operator }) }
  const statement = sql`
    INSERT INTO "AuditEvent" (${columns})
    VALUES (${newId()}::uuid, now(), ${event.event}::text, ${outcome}::"AuditOutcome", ${event.actorId}::uuid,
      ${event.subjectId}::uuid, ${sessionId}::uuid, ${networkIn(sender)}::text, ${sender.userAgent}::text,
      ${JSON.stringify(details)}::text::jsonb)`
  await tx.run('insert-audit-event', statement)
}

type EventOfRow = Pick<AuditEvent, 'event' | 'sender'> & {
  /** Has one row when the event happens; the other fragments may use it. */
  readonly from: Sql
  readonly outcome?: Sql
  readonly actorId: Sql
  readonly subjectId: Sql
  readonly sessionId?: Sql
  readonly details?: Sql
}

/** CTE `audited`: {@link record} as part of another statement, which saves a round trip. */
export const auditEvent = ({
  event,
  sender,
  from,
  outcome = sql`'success'`,
  actorId,
  subjectId,
  sessionId = sql`NULL::uuid`,
  details = sql`'{}'::jsonb`
}: EventOfRow): Sql => sql`
audited AS (
  INSERT INTO "AuditEvent" (${columns})
  SELECT ${newId()}::uuid, now(), ${event}::text, (${outcome})::"AuditOutcome", ${actorId}, ${subjectId},
    ${sessionId}, ${networkIn(sender)}::text, ${sender.userAgent}::text, ${details}
  FROM ${from}
)`

const networkIn = ({ ip }: Traced): string | null => (ip === null ? null : networkOf(ip))
