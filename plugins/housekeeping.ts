import fp from 'fastify-plugin'
import { purgeAttempts } from '../src/attempts/purge.js'
import { purgeAuditEvents } from '../src/audit/purge.js'
import type { Deps } from '../src/deps.js'
import { dropRetiredKeys, resealSigningKeys, rotateSigningKeys } from '../src/keys/store.js'
import { purgeLinks } from '../src/links/purge.js'
import { dropQueuedMails, purgeMails } from '../src/outbox/purge.js'
import { purgeSessions } from '../src/sessions/purge.js'

const everyMs = 60_000

/** Once a minute: read the signing keys again, rotate and seal again old ones, and remove what can no longer be honoured. */
export default fp(
  async fastify => {
    const { deps } = fastify
    let running: Promise<void> = Promise.resolve()
    const timer = setInterval(() => {
      running = tidy(deps).catch(err =>
        deps.log.warn({ err }, 'housekeeping failed; it will be tried again')
      )
    }, everyMs)
    timer.unref()
    fastify.addHook('onClose', async () => {
      clearInterval(timer)
      await running
    })
  },
  { name: 'housekeeping', fastify: '5.x', dependencies: ['deps'] }
)

async function tidy({ db, config, keys, clock }: Deps) {
  const now = clock()
  const before = (seconds: number) => new Date(now.getTime() - seconds * 1000)
  if (config.JWT_PRIVATE_KEY_FILE === null) {
    await rotateSigningKeys(db, config, now, before(config.SIGNING_KEY_LIFETIME))
    await dropRetiredKeys(db, before(config.JWT_ALLAUTH_ACCESS_TOKEN_LIFETIME + 120))
    await resealSigningKeys(db, config)
  }
  await keys.load()
  await purgeSessions(db)
  await purgeAuditEvents(db, config.AUDIT_RETENTION)
  await purgeAttempts(db)
  if (config.EMAIL_DISABLED) await dropQueuedMails(db)
  await purgeMails(db)
  await purgeLinks(db)
}
