import { newId } from '../base/crypto/random.js'
import type { Database } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'
import type { Deps } from '../deps.js'
import type { LinkSecret } from '../links/link.js'
import { sealLinkSecret } from './link-secret.js'

/** Every mail of the service. Each has a folder under `views/mails`. */
export type MailTemplate =
  | 'account-exists'
  | 'admin-link'
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

/** The recipient of a mail. Without a locale it gets the language of the installation. */
export type Addressee = {
  /** The account; null for an address without one. */
  readonly id: string | null
  readonly email: string
  readonly locale: string | null
}

export type NewMail = {
  readonly template: MailTemplate
  readonly to: Addressee
  /** Values that the template shows; nothing secret. */
  readonly params?: Readonly<Record<string, string | number>>
  readonly link?: { readonly id: string; readonly secret: LinkSecret }
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
