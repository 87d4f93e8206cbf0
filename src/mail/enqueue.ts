import { newId } from '../base/crypto/random.js'
import { seal } from '../base/crypto/seal.js'
import type { Database } from '../base/database/database.js'
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

/** By the database's clock, as the worker reads it: two clocks would let it come too early to find the mail. */
const insertMail = {
  name: 'insert-mail',
  text: `
INSERT INTO "Mail" ("id", "userId", "linkId", "template", "recipient", "locale", "params", "sealedSecret",
  "state", "nextAttemptAt", "createdAt")
SELECT $1::uuid, $2::uuid, $3::uuid, $4::text, $5::text, $6::text, $7::text::jsonb, $8::bytea, 'queued', now(), now()
-- Without a quiet time nothing is compared: now() is when this transaction began, and one that began
-- later may have queued its mail earlier.
WHERE $9::float8 = 0 OR NOT EXISTS (SELECT FROM "Mail" earlier WHERE earlier."userId" = $2::uuid
  AND earlier."template" = $4::text AND earlier."createdAt" > now() - make_interval(secs => $9::float8))`
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
  await tx.run(insertMail, [
    id,
    to.id,
    link?.id ?? null,
    template,
    to.email,
    to.locale ?? config.DEFAULT_LOCALE,
    JSON.stringify(params),
    secret ?? null,
    quietSeconds
  ])
  tx.notify('mail')
}
