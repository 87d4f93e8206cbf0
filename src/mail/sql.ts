import { newId } from '../base/crypto/random.js'
import { seal } from '../base/crypto/seal.js'
import { type Sql, sql } from '../base/database/sql.js'
import type { Deps } from '../deps.js'
import type { LinkSecret } from '../links/link.js'
import { liveLink } from '../links/sql.js'

/** A mail `m` without a link, or with one `l` that is live. A link that was removed leaves its secret behind. */
export const isWorthSending = sql`
  (CASE WHEN m."sealedSecret" IS NULL THEN m."linkId" IS NULL ELSE l."id" IS NOT NULL AND ${liveLink()} END)`

type LinkMail = {
  /** A CTE of at most one row with `id`, `email` and `locale`: who gets the mail. */
  readonly to: Sql
  /** The template; may use `a`, who gets it, and `l`. */
  readonly template: Sql
  readonly secret: LinkSecret
  /** For an account that has no language of its own. */
  readonly locale: string
}

/**
 * CTE `queued`: a mail with the link of CTE `link`, in a statement that also decides whether there is
 * anybody to send it to. Where there is nobody it writes a dropped mail to nobody: the same row, the
 * same wait for the disk, so that time tells no more than the answer does (ENU-02).
 */
export function queueMail(
  { outboxKeys }: Pick<Deps, 'outboxKeys'>,
  { to, template, secret, locale }: LinkMail
): Sql {
  const id = newId()
  const sealed = seal(outboxKeys, Buffer.from(JSON.stringify(secret)), id)
  return sql`
queued AS (
  INSERT INTO "Mail" ("id", "userId", "linkId", "template", "recipient", "locale", "params", "sealedSecret",
    "state", "nextAttemptAt", "createdAt", "settledAt")
  SELECT ${id}::uuid, a."id", l."id", CASE WHEN a."id" IS NULL THEN '' ELSE ${template} END, COALESCE(a."email", ''),
    COALESCE(a."locale", ${locale}::text), '{}', CASE WHEN l."id" IS NOT NULL THEN ${sealed}::bytea END,
    CASE WHEN a."id" IS NULL THEN 'dropped' ELSE 'queued' END::"MailState",
    now(), now(), CASE WHEN a."id" IS NULL THEN now() END
  FROM (SELECT) nobody LEFT JOIN ${to} a ON true LEFT JOIN link l ON true
  RETURNING "state"
)`
}
