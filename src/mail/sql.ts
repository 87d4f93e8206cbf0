import { newId } from '../base/crypto/random.js'
import { type Sql, sql } from '../base/database/sql.js'
import type { Deps } from '../deps.js'
import type { LinkSecret } from '../links/link.js'
import { liveLink } from '../links/sql.js'
import { sealLinkSecret } from './link-secret.js'

/** A mail `m` may be sent if it never had a link, or if its link `l` is live. */
export const isSendable = sql`
  (CASE WHEN m."sealedSecret" IS NULL THEN m."linkId" IS NULL ELSE l."id" IS NOT NULL AND ${liveLink} END)`

/** The values of a mail that has ended, without those that tell from where its event came (DAT-02). */
export const withoutOrigin = sql`"params" - '{device,network}'::text[]`

type LinkMail = {
  /** A CTE with at most one row: `id`, `email` and `locale` of the recipient. */
  readonly to: Sql
  /** The template; may use the recipient `a` and the link `l`. */
  readonly template: Sql
  readonly secret: LinkSecret
  /** Values that the template shows; may use the recipient `a` and the link `l`. */
  readonly params?: Sql
  /** For an account without a language. */
  readonly locale: string
}

/**
 * CTE `queued`: a mail with the link of CTE `link`. Without a recipient it inserts a dropped mail with an
 * empty address: the same write and the same wait for the disk, so that the time does not reveal whether
 * an account exists (ENU-02).
 */
export function queueMail(
  { outboxKeys }: Pick<Deps, 'outboxKeys'>,
  { to, template, secret, locale, params = sql`'{}'::jsonb` }: LinkMail
): Sql {
  const id = newId()
  const sealed = sealLinkSecret(outboxKeys, secret, id)
  return sql`
queued AS (
  INSERT INTO "Mail" ("id", "userId", "linkId", "template", "recipient", "locale", "params", "sealedSecret",
    "state", "nextAttemptAt", "createdAt", "settledAt")
  SELECT ${id}::uuid, a."id", l."id", CASE WHEN a."id" IS NULL THEN '' ELSE ${template} END, COALESCE(a."email", ''),
    COALESCE(a."locale", ${locale}::text), ${params}, CASE WHEN l."id" IS NOT NULL THEN ${sealed}::bytea END,
    CASE WHEN a."id" IS NULL THEN 'dropped' ELSE 'queued' END::"MailState",
    now(), now(), CASE WHEN a."id" IS NULL THEN now() END
  FROM (SELECT) one_row LEFT JOIN ${to} a ON true LEFT JOIN link l ON true
  RETURNING "state"
)`
}
