import { newId } from '../base/crypto/random.js'
import { seal } from '../base/crypto/seal.js'
import type { Deps } from '../deps.js'
import type { LinkSecret } from '../links/link.js'

type Expressions = {
  /** A CTE of at most one row with `id`, `email` and `locale`: who gets the mail. */
  readonly account: string
  /** A CTE of at most one row with `id`: the link that the mail carries. */
  readonly link: string
  /** SQL expression for the template. */
  readonly template: string
  /** Placeholders for the values of {@link mailValues}. */
  readonly id: string
  readonly sealedSecret: string
  readonly locale: string
}

/**
 * Queues a mail as part of one statement that also decides whether there is anybody to send it to.
 * Where there is nobody it writes a dropped mail to nobody: the same row, the same wait for the
 * disk, so that time tells no more than the answer does (ENU-02).
 */
export const queueMailCte = ({
  account,
  link,
  template,
  id,
  sealedSecret,
  locale
}: Expressions): string => `
queued AS (
  INSERT INTO "Mail" ("id", "userId", "linkId", "template", "recipient", "locale", "params", "sealedSecret",
    "state", "nextAttemptAt", "createdAt", "settledAt")
  SELECT ${id}::uuid, a."id", l."id", CASE WHEN a."id" IS NULL THEN '' ELSE ${template} END, COALESCE(a."email", ''),
    COALESCE(a."locale", ${locale}::text), '{}', CASE WHEN l."id" IS NOT NULL THEN ${sealedSecret}::bytea END,
    CASE WHEN a."id" IS NULL THEN 'dropped' ELSE 'queued' END::"MailState",
    now(), now(), CASE WHEN a."id" IS NULL THEN now() END
  FROM (SELECT) nobody LEFT JOIN ${account} a ON true LEFT JOIN ${link} l ON true
  RETURNING "state"
)`

/** The id and the sealed secret of a mail that a statement is about to queue. */
export function mailValues(
  { outboxKeys }: Pick<Deps, 'outboxKeys'>,
  secret: LinkSecret
): { id: string; sealedSecret: Buffer } {
  const id = newId()
  return { id, sealedSecret: seal(outboxKeys, Buffer.from(JSON.stringify(secret)), id) }
}
