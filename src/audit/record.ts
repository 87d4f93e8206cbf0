import { newId } from '../base/crypto/random.js'
import type { Database } from '../base/database/database.js'
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

const insertEvent = {
  name: 'insert-audit-event',
  text: `
INSERT INTO "AuditEvent" ("id", "at", "event", "outcome", "actorId", "subjectId", "sessionId", "network", "userAgent", "details")
VALUES ($1::uuid, now(), $2::text, $3::text::"AuditOutcome", $4::uuid, $5::uuid, $6::uuid, $7::text, $8::text, $9::text::jsonb)`
}

/** The owner of an account acts on it. */
export const byOwner = (userId: string) => ({ actorId: userId, subjectId: userId })

/** Writes down what happened, in the transaction that makes it happen: the trail and the state agree (LOG-05). */
export async function record(tx: Database, event: AuditEvent): Promise<void> {
  const { outcome = 'success', sessionId = null, sender, details = {} } = event
  await tx.run(insertEvent, [
    newId(),
    event.event,
    outcome,
    event.actorId,
    event.subjectId,
    sessionId,
    networkIn(sender),
    sender.userAgent,
    JSON.stringify(details)
  ])
}

/** The network of a sender, as the trail names it. */
export const networkIn = ({ ip }: Traced): string | null => (ip === null ? null : networkOf(ip))

type Expressions = {
  /** FROM list that yields a row for each event, usually one or none. */
  readonly from: string
  readonly id: string
  readonly event: string
  readonly outcome?: string
  readonly actorId: string
  readonly subjectId: string
  readonly sessionId?: string
  readonly network: string
  readonly userAgent: string
  readonly details?: string
}

/** {@link record} as part of a statement of the hot path, so that the event costs no round trip. */
export const auditCte = (e: Expressions): string => `
audited AS (
  INSERT INTO "AuditEvent" ("id", "at", "event", "outcome", "actorId", "subjectId", "sessionId", "network", "userAgent", "details")
  SELECT ${e.id}::uuid, now(), ${e.event}, (${e.outcome ?? `'success'`})::"AuditOutcome", ${e.actorId}, ${e.subjectId},
    ${e.sessionId ?? 'NULL::uuid'}, ${e.network}::text, ${e.userAgent}::text, ${e.details ?? `'{}'::jsonb`}
  FROM ${e.from}
)`
