import { newId } from '../base/crypto/random.js'
import type { Database } from '../base/database/database.js'
import { type Sql, sql } from '../base/database/sql.js'
import { networkOf } from '../limits/network.js'
import type { Sender } from '../sender.js'

/** Everything that is written down. A name is never changed: operators' queries hold it. */
export const auditEvents = [
  'account.created',
  'account.disabled',
  'account.enabled',
  'account.role_changed',
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
  'reauthentication',
  'session.opened',
  'session.refresh_reused'
] as const
export type AuditEventName = (typeof auditEvents)[number]

/** What the trail keeps of a sender. */
type Traced = Pick<Sender, 'ip' | 'userAgent'>

type AuditEvent = {
  readonly event: AuditEventName
  readonly outcome?: 'success' | 'failure'
  /** Who did it; null for a stranger and for an operator. */
  readonly actorId: string | null
  /** Whose account it is about; null for an address that has none. */
  readonly subjectId: string | null
  readonly sessionId?: string | null
  readonly sender: Traced
  /** Facts of the event; never a secret, never what somebody typed (LOG-02). */
  readonly details?: Readonly<Record<string, string | number | boolean | readonly string[]>>
}

/** The owner of an account acts on it. */
export const byOwner = (userId: string) => ({ actorId: userId, subjectId: userId })

const columns = sql`
  "id", "at", "event", "outcome", "actorId", "subjectId", "sessionId", "network", "userAgent", "details"`

/** Writes down what happened, in the transaction that makes it happen: the trail and the state agree (LOG-05). */
export async function record(tx: Database, event: AuditEvent): Promise<void> {
  const { outcome = 'success', sessionId = null, sender, details = {} } = event
  const statement = sql`
    INSERT INTO "AuditEvent" (${columns})
    VALUES (${newId()}::uuid, now(), ${event.event}::text, ${outcome}::"AuditOutcome", ${event.actorId}::uuid,
      ${event.subjectId}::uuid, ${sessionId}::uuid, ${networkIn(sender)}::text, ${sender.userAgent}::text,
      ${JSON.stringify(details)}::text::jsonb)`
  await tx.run('insert-audit-event', statement)
}

type EventOfRow = Pick<AuditEvent, 'event' | 'sender'> & {
  /** Yields a row where the event happened; the other pieces may use it. */
  readonly from: Sql
  readonly outcome?: Sql
  readonly actorId: Sql
  readonly subjectId: Sql
  readonly sessionId?: Sql
  readonly details?: Sql
}

/** CTE `audited`: {@link record} as part of a statement of the hot path, so that it costs no round trip. */
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

/** The network of a sender, as the trail names it. */
const networkIn = ({ ip }: Traced): string | null => (ip === null ? null : networkOf(ip))
