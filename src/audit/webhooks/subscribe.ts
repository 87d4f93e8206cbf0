import { sql } from '../../base/database/sql.js'
import type { Deps } from '../../deps.js'

/** Longer than any stop of a whole installation: what happens meanwhile is sent later. */
const days = 7

const moveOn = sql`
INSERT INTO "WebhookSubscription" ("id", "wantedUntil") VALUES (1, now() + make_interval(days => ${days}::int4))
ON CONFLICT ("id") DO UPDATE SET "wantedUntil" = EXCLUDED."wantedUntil"
  WHERE "WebhookSubscription"."wantedUntil" < EXCLUDED."wantedUntil" - interval '1 hour'`

/**
 * Has the database queue events for another week if this process wants them. No process ends that: another
 * one may still have the setting.
 */
export async function subscribeToEvents({
  db,
  config
}: Pick<Deps, 'db' | 'config'>): Promise<void> {
  if (config.EVENTS_WEBHOOK_URL !== null) await db.run('subscribe-to-events', moveOn)
}
