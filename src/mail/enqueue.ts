import { newId } from '../base/crypto/random.js'
import { seal } from '../base/crypto/seal.js'
import type { Database } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'
import type { Deps } from '../deps.js'
import type { LinkSecret } from '../links/link.js'

/** Every mail the service sends: a folder each under `views/mails`. */
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

/** Whom a mail goes to. Without a language of their own they get the installation's. */
export type Addressee = {
  /** The account; null for an address without one. */
  readonly id: string | null
  readonly email: string
  readonly locale: string | null
}

export type NewMail = {
  readonly template: MailTemplate
  readonly to: Addressee
  /** What the template shows beside the link; nothing secret. */
  readonly params?: Readonly<Record<string, string | number>>
  readonly link?: { readonly id: string; readonly secret: LinkSecret }
  /** Leaves this mail out where the account was sent the same one within so many seconds. */
  readonly quietSeconds?: number
}

/**
 * Puts a mail into the outbox, in the transaction of what it is about: both happen or neither. The
 * worker sends it; no answer waits for that or depends on it (design rule 5).
 */
export async function enqueue(
  tx: Database,
  { config, outboxKeys }: Pick<Deps, 'config' | 'outboxKeys'>,
  { template, to, params = {}, link, quietSeconds = 0 }: NewMail
): Promise<void> {
  if (config.EMAIL_DISABLED) return
  const id = newId()
  const secret = link && seal(outboxKeys, Buffer.from(JSON.stringify(link.secret)), id)
  // By the database's clock, as the worker reads it: two clocks would let it come too early to find the mail.
  const statement = sql`
    INSERT INTO "Mail" ("id", "userId", "linkId", "template", "recipient", "locale", "params", "sealedSecret",
      "state", "nextAttemptAt", "createdAt")
    SELECT ${id}::uuid, ${to.id}::uuid, ${link?.id ?? null}::uuid, ${template}::text, ${to.email}::text,
      ${to.locale ?? config.DEFAULT_LOCALE}::text, ${JSON.stringify(params)}::text::jsonb, ${secret ?? null}::bytea,
      'queued', now(), now()
    -- Without a quiet time nothing is compared: now() is when this transaction began, and one that began
    -- later may have queued its mail earlier.
    WHERE ${quietSeconds}::float8 = 0 OR NOT EXISTS (SELECT FROM "Mail" earlier
      WHERE earlier."userId" = ${to.id}::uuid AND earlier."template" = ${template}::text
        AND earlier."createdAt" > now() - make_interval(secs => ${quietSeconds}::float8))`
  await tx.run('insert-mail', statement)
  tx.notify('mail')
}
