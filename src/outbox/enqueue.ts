import { newId } from '../crypto/random.js'
import { seal } from '../crypto/seal.js'
import type { Database } from '../database/database.js'
import type { Deps } from '../deps.js'

/** Every mail the service sends: a folder each under `views/mails`. */
export type MailTemplate =
  | 'account-exists'
  | 'email-change-confirm'
  | 'email-change-requested'
  | 'email-changed'
  | 'email-verification'
  | 'password-changed'
  | 'password-reset'
  | 'session-ended'

/** What a link's mail carries and nobody else may read: the token in the URL, and the code to type. */
export type LinkSecret = { readonly token: string; readonly code: string | null }

type NewMail = {
  readonly template: MailTemplate
  readonly userId: string | null
  readonly recipient: string
  readonly locale: string
  /** What the template shows beside the link; nothing secret. */
  readonly params?: Readonly<Record<string, string | number>>
  readonly link?: { readonly id: string; readonly secret: LinkSecret }
}

/**
 * Puts a mail into the outbox, in the transaction of what it is about: both happen or neither. The
 * worker sends it; no answer waits for that or depends on it (design rule 5).
 */
export async function enqueue(
  tx: Database,
  { clock, outboxKeys }: Pick<Deps, 'clock' | 'outboxKeys'>,
  { template, userId, recipient, locale, params = {}, link }: NewMail
): Promise<void> {
  const id = newId()
  const secret = link && Buffer.from(JSON.stringify(link.secret))
  const now = clock()
  await tx.prisma.mail.create({
    data: {
      id,
      template,
      userId,
      recipient,
      locale,
      params,
      linkId: link?.id ?? null,
      sealedSecret: secret === undefined ? null : Uint8Array.from(seal(outboxKeys, secret, id)),
      state: 'queued',
      nextAttemptAt: now,
      createdAt: now
    }
  })
}
