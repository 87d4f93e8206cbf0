import type { Database } from '../../base/database/database.js'
import { sql } from '../../base/database/sql.js'
import { type Backlog, readBacklog } from '../../base/outbox/backlog.js'

/** Counts the events that wait or were given up. */
export const readWebhookBacklog = (db: Database): Promise<Backlog> =>
  readBacklog(db, { name: 'webhook', table: sql`"WebhookEvent"` })
