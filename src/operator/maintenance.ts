import { purgeAuditEvents } from '../audit/purge.js'
import type { Deps } from '../deps.js'
import { purgeAttempts } from '../limits/purge.js'
import { purgeLinks } from '../links/purge.js'
import { dropQueuedMails, purgeMails } from '../mail/purge.js'
import { purgeChallenges } from '../mfa/purge.js'
import { resealSecrets } from '../mfa/reseal.js'
import { purgeSessions } from '../sessions/purge.js'
import { dropRetiredKeys, resealSigningKeys, rotateSigningKeys } from '../tokens/keys/store.js'

/** How many rows of each kind were removed. */
export type MaintenanceReport = {
  readonly sessions: number
  readonly auditEvents: number
  readonly attempts: number
  readonly challenges: number
  readonly mails: number
  readonly links: number
}

type MaintenanceDeps = Pick<Deps, 'db' | 'config' | 'keys' | 'clock' | 'totpKeys'>

/**
 * Rotates and seals again what is due, and removes what can no longer be honoured. Safe at any time
 * and from any number of processes at once (DAT-04).
 */
export async function runMaintenance(deps: MaintenanceDeps): Promise<MaintenanceReport> {
  const { db, config } = deps
  await maintainKeys(deps)
  await resealSecrets(deps)
  const sessions = await purgeSessions(db)
  const auditEvents = await purgeAuditEvents(db, config.AUDIT_RETENTION)
  const attempts = await purgeAttempts(db)
  const challenges = await purgeChallenges(db)
  if (config.EMAIL_DISABLED) await dropQueuedMails(db)
  const mails = await purgeMails(db)
  const links = await purgeLinks(db)
  return { sessions, auditEvents, attempts, challenges, mails, links }
}

async function maintainKeys({ db, config, keys, clock }: MaintenanceDeps): Promise<void> {
  const now = clock()
  const before = (seconds: number) => new Date(now.getTime() - seconds * 1000)
  if (config.JWT_PRIVATE_KEY_FILE === null) {
    await rotateSigningKeys(db, config, now, before(config.SIGNING_KEY_LIFETIME))
    await dropRetiredKeys(db, before(config.JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME + 120))
    await resealSigningKeys(db, config)
  }
  await keys.load()
}
