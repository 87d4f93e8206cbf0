import { newId } from '../base/crypto/random.js'
import type { Database } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'
import type { Deps } from '../deps.js'
import type { LinkSecret } from '../links/link.js'
import { sealLinkSecret } from './link-secret.js'

/** Every mail of the service. Each has a folder under `views/mails`. */
export type MailTemplate =
  | 'account-deleted'
  | 'account-deletion'
  | 'account-exists'
  | 'admin-link'
  | 'changes-undone'
  | 'email-change-confirm'
  | 'email-change-requested'
  | 'email-changed'
  | 'email-verification'
  | 'invitation'
  | 'mfa-attempts'
  | 'mfa-disabled'
  | 'mfa-enabled'
  | 'password-changed'
  | 'password-reset'
  | 'recovery-code-used'
  | 'recovery-codes-low'
  | 'session-ended'
  | 'test'

/** The recipient of a mail. Without a locale it gets the language of the installation. */
export type Addressee = {
  /** The account; null for an address without one. */
  readonly id: string | null
  readonly email: string
  readonly locale: string | null
}

export type MailedLink = {
  readonly id: string
  readonly secret: LinkSecret
  /** Whether the person has no earlier link that does the same. */
  readonly isOnly?: boolean
}

export type NewMail = {
  readonly template: MailTemplate
  readonly to: Addressee
  /** Values that the template shows; nothing secret. */
  readonly params?: Readonly<Record<string, string | number>>
  readonly link?: MailedLink | undefined
  /** Skips this mail when the account got the same template within this many seconds. */
  readonly quietSeconds?: number
}

/**
 * Puts a mail into the outbox, in the transaction of the change that it reports, so that both commit or
 * neither. The worker sends it later, so no answer waits for the mail server.
 */
export async function enqueue(
  tx: Database,
  { config, outboxKeys }: Pick<Deps, 'config' | 'outboxKeys'>,
  { template, to, params = {}, link, quietSeconds = 0 }: NewMail
): Promise<void> {
  if (config.EMAIL_DISABLED) return
  const id = newId()
  const secret = link && sealLinkSecret(outboxKeys, link.secret, id)
  // The database's clock sets the times, as for the worker. Another clock could make the mail due later.
  const statement = sql`
    INSERT INTO "Mail" ("id", "userId", "linkId", "template", "recipient", "locale", "params", "sealedSecret",
      "state", "nextAttemptAt", "createdAt")
    SELECT ${id}::uuid, ${to.id}::uuid, ${link?.id ?? null}::uuid, ${template}::text, ${to.email}::text,
      ${to.locale ?? config.DEFAULT_LOCALE}::text, ${JSON.stringify(params)}::text::jsonb, ${secret ?? null}::bytea,
      'queued', now(), now()
    -- A quiet time of 0 needs its own condition: a transaction that began later than this one may have
    -- queued its mail earlier, with a later now().
    WHERE ${quietSeconds}::float8 = 0 OR NOT EXISTS (SELECT FROM "Mail" earlier
      WHERE earlier."userId" = ${to.id}::uuid AND earlier."template" = ${template}::text
        AND earlier."createdAt" > now() - make_interval(secs => ${quietSeconds}::float8))`
  await tx.run('insert-mail', statement)
  tx.notify('mail')
}

/**
 * Adds an event to the waiting mail that tells of several, or queues such a mail, to be sent after
 * `afterSeconds`. In a transaction that has locked the account. Returns whether it queued a mail.
 */
export async function foldMail(
  tx: Database,
  { config }: Pick<Deps, 'config'>,
  { template, to, params = {} }: Pick<NewMail, 'template' | 'to' | 'params'>,
  afterSeconds: number
): Promise<boolean> {
  const shown = JSON.stringify(params)
  const statement = sql`
    WITH waiting AS (
      SELECT "id" FROM "Mail"
      WHERE "userId" = ${to.id}::uuid AND "template" = ${template}::text AND "recipient" = ${to.email}::text
        AND "state" = 'queued' AND "attempts" = 0 AND "leasedUntil" IS NULL AND "params" ? 'times'
      FOR UPDATE
    ), folded AS (
      UPDATE "Mail" m
      SET "params" = ${shown}::text::jsonb || jsonb_build_object('times', (m."params"->>'times')::int4 + 1)
      FROM waiting w WHERE m."id" = w."id"
      RETURNING 1
    )
    INSERT INTO "Mail" ("id", "userId", "template", "recipient", "locale", "params", "state", "nextAttemptAt",
      "createdAt")
    SELECT ${newId()}::uuid, ${to.id}::uuid, ${template}::text, ${to.email}::text,
      ${to.locale ?? config.DEFAULT_LOCALE}::text, ${shown}::text::jsonb || '{"times": 1}', 'queued',
      now() + make_interval(secs => ${afterSeconds}::float8), now()
    WHERE NOT EXISTS (SELECT FROM folded)
    RETURNING 1`
  return (await tx.run('fold-mail', statement)).length > 0
}
