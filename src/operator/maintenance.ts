import { purgeUndoRights } from '../accounts/undo-right.js'
import { purgeAuditEvents } from '../audit/purge.js'
import { purgeWebhookEvents } from '../audit/webhooks/purge.js'
import { subscribeToEvents } from '../audit/webhooks/subscribe.js'
import { purgeFormAnswers } from '../base/form-answer.js'
import type { Deps } from '../deps.js'
import { purgeAttempts } from '../limits/purge.js'
import { purgeLinks } from '../links/purge.js'
import { dropQueuedMails, purgeMails } from '../mail/purge.js'
import { purgeChallenges } from '../mfa/purge.js'
import { resealSecrets } from '../mfa/reseal.js'
import { forgetUnusedSchemes } from '../passwords/schemes.js'
import { purgeLegacySessions } from '../sessions/legacy.js'
import { purgeAllSessions, purgeSessions } from '../sessions/purge.js'
import {
  dropRetiredKeys,
  resealSigningKeys,
  retireUnusedKeys,
  rotateSigningKeys
} from '../tokens/keys/store.js'
import { dropLegacyKeys, resealLegacyKeys } from '../tokens/legacy-key.js'
import { eraseDue } from '../user/deletion/erase.js'
import { noSender } from './no-sender.js'

/** Keys of another algorithm are retired this long after they should have been rotated. */
const daySeconds = 86_400

type MaintenanceDeps = Pick<Deps, 'db' | 'config' | 'keys' | 'clock' | 'totpKeys' | 'legacyKeys'>

/** Runs one step after the other, and keeps the failures: a failed step does not stop the next one. */
function startSteps() {
  const failures: { readonly step: string; readonly error: unknown }[] = []
  async function step<T>(name: string, work: () => Promise<T>): Promise<T | null> {
    try {
      return await work()
    } catch (error) {
      failures.push({ step: name, error })
      return null
    }
  }
  const readKeys = ({ keys }: Pick<Deps, 'keys'>) => step('read signing keys', () => keys.load())
  return { failures, step, readKeys }
}

/** The one step of maintenance that every process needs. */
export async function readKeysAgain(deps: Pick<Deps, 'keys'>) {
  const { failures, readKeys } = startSteps()
  await readKeys(deps)
  return { failures }
}

/**
 * Rotates keys, seals values again with the current `SECRET_KEY`, and removes expired rows. Several
 * processes can run it at the same time (DAT-04). A failed step does not stop the next one.
 *
 * @param scope - `slice` reads a part of the sessions and fits into every minute; `whole` reads all.
 * @returns the number of removed rows of each kind (null for a failed step), and the failures.
 */
export async function runMaintenance(
  { db, config, keys, clock, totpKeys, legacyKeys }: MaintenanceDeps,
  scope: 'slice' | 'whole' = 'slice'
) {
  const { failures, step, readKeys } = startSteps()
  const now = clock()
  const before = (seconds: number) => new Date(now.getTime() - seconds * 1000)
  if (config.JWT_PRIVATE_KEY_FILE === null) {
    const due = before(config.SIGNING_KEY_LIFETIME)
    const lastUse = before(config.JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME + 120)
    await step('rotate signing keys', async () => {
      await rotateSigningKeys(db, config, now, due)
      await retireUnusedKeys(db, config, now, before(config.SIGNING_KEY_LIFETIME + daySeconds))
    })
    await step('remove retired keys', () => dropRetiredKeys(db, lastUse))
    await step('seal signing keys again', () => resealSigningKeys(db, config))
  }
  await readKeys({ keys })
  await step('seal second factors again', () => resealSecrets({ db, totpKeys }))
  await step('remove keys of earlier installations', async () => {
    await dropLegacyKeys(db)
    await purgeLegacySessions(db)
  })
  await step('seal keys of earlier installations again', () => resealLegacyKeys({ db, legacyKeys }))
  await step('forget kinds of password hashes', () => forgetUnusedSchemes(db))
  await step('subscribe to events', () => subscribeToEvents({ db, config }))
  if (config.EMAIL_DISABLED) await step('drop queued mails', () => dropQueuedMails(db))
  const removed = {
    accounts: await step('erase accounts', () => eraseDue({ db }, noSender)),
    sessions: await step('remove sessions', () =>
      scope === 'whole' ? purgeAllSessions(db) : purgeSessions(db)
    ),
    auditEvents: await step('remove audit events', () =>
      purgeAuditEvents(db, config.AUDIT_RETENTION)
    ),
    attempts: await step('remove counters', () => purgeAttempts(db)),
    formAnswers: await step('remove answers of forms', () => purgeFormAnswers(db)),
    challenges: await step('remove challenges', () => purgeChallenges(db)),
    mails: await step('remove mails', () => purgeMails(db)),
    webhookEvents: await step('remove webhook events', () => purgeWebhookEvents(db)),
    links: await step('remove links', () => purgeLinks(db)),
    undoRights: await step('remove undo rights', () => purgeUndoRights(db))
  }
  return { removed, failures }
}
