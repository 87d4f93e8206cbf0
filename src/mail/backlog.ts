import type { Database } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'

export type MailBacklog = {
  readonly queued: number
  readonly dead: number
  /** Age of the oldest queued mail; 0 without one. */
  readonly oldestSeconds: number
}

const readCounts = sql`
SELECT (SELECT count(*)::int4 FROM "Mail" WHERE "state" = 'dead') AS "dead", q.*
FROM (SELECT count(*)::int4 AS "queued",
    COALESCE(extract(epoch FROM now() - min("createdAt")), 0)::float8 AS "oldestSeconds"
  FROM "Mail" WHERE "state" = 'queued') q`

/** Counts the mails that wait or were given up. Sent and dropped ones are many, so nobody counts them here. */
export async function readMailBacklog(db: Database): Promise<MailBacklog> {
  const [row] = await db.run<MailBacklog>('read-mail-backlog', readCounts)
  return row as MailBacklog
}
