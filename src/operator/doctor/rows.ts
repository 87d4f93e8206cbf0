import { readRetention } from '../../audit/retention.js'
import { isLoopback } from '../../base/config/loopback.js'
import { keyIdOf } from '../../base/crypto/derive.js'
import type { Deps } from '../../deps.js'
import { readMailBudget, warningLevel } from '../../mail/budget.js'
import { listSigningKeys } from '../../tokens/keys/store.js'
import { hasSuperuser } from '../first-admin.js'
import { counted, type Finding, findingsOf, problemsOr } from './finding.js'

const day = 86_400_000

/** Checks whether `SECRET_KEY` opens the signing keys, and whether they rotate. */
export async function examineKeys({ db, config, clock }: Deps): Promise<Finding[]> {
  const { ok, warnIf, failIf } = findingsOf('keys')
  if (config.JWT_PRIVATE_KEY_FILE !== null)
    return [ok('JWT_PRIVATE_KEY_FILE holds a key that fits JWT_ALGORITHM.')]
  const keys = await listSigningKeys(db, config)
  const closed = keys.filter(({ sealedUnder }) => sealedUnder === null).length
  const active = keys.find(
    ({ state, algorithm }) => state === 'active' && algorithm === config.JWT_ALGORITHM
  )
  if (active === undefined && closed === 0)
    return [ok('There is no signing key yet; the first start creates one.')]
  const now = clock()
  const age = now.getTime() - (active?.activatedAt ?? now).getTime()
  const days = Math.floor(age / day)
  const earlier = keys.filter(({ sealedUnder }) => sealedUnder === 'SECRET_KEY_FALLBACKS').length
  return problemsOr(
    ok(`SECRET_KEY opens the signing keys; the active one is ${counted(days, 'day', 'days')} old.`),
    failIf(
      closed > 0,
      'SECRET_KEY does not open the signing keys: they were sealed with another one. Set that one again, or list it in SECRET_KEY_FALLBACKS.'
    ),
    warnIf(
      age > config.SIGNING_KEY_LIFETIME * 1000 + day,
      `The signing key is ${counted(days, 'day', 'days')} old and should have been rotated. A running service or postern purge rotates it.`
    ),
    warnIf(
      earlier > 0,
      'Signing keys are still sealed with SECRET_KEY_FALLBACKS. A running service seals them again within minutes; keep the fallback until then.'
    )
  )
}

/** Checks whether second factors are required at sign-in, and whether their secrets can be opened. */
export async function examineFactors({ db, config, totpKeys }: Deps): Promise<Finding[]> {
  const { ok, warnIf, failIf } = findingsOf('second-factor')
  const known = [totpKeys.current, ...totpKeys.earlier].map(keyIdOf)
  const enrolled = await db.prisma.authenticator.count()
  const closed = await db.prisma.authenticator.count({ where: { keyId: { notIn: known } } })
  const mode = config.JWT_ALLAUTH_MFA_TOTP_MODE
  const people = counted(enrolled, 'person has', 'people have')
  return problemsOr(
    ok(`JWT_ALLAUTH_MFA_TOTP_MODE is ${mode}; ${people} set up a second factor.`),
    failIf(
      closed > 0,
      `The second factor of ${counted(closed, 'person', 'people')} is sealed with a SECRET_KEY that is not in the settings: codes of their apps are refused. Add it to SECRET_KEY_FALLBACKS.`
    ),
    warnIf(
      mode === 'disabled' && enrolled > 0,
      `JWT_ALLAUTH_MFA_TOTP_MODE is disabled, and ${people} set up a second factor: their sign-in asks only for the password. Set it to optional or required.`
    )
  )
}

const overdueAfter = 10 * 60_000

/** Checks whether the mails of the outbox are sent, and whether more may be queued. */
export async function examineOutbox(deps: Deps): Promise<Finding[]> {
  const { db, config, clock } = deps
  const { ok, warnIf } = findingsOf('outbox')
  const dead = await db.prisma.mail.count({ where: { state: 'dead' } })
  const due = new Date(clock().getTime() - overdueAfter)
  const waiting = await db.prisma.mail.count({
    where: { state: 'queued', nextAttemptAt: { lt: due } }
  })
  const { level, isSpent } = await readMailBudget(deps)
  return problemsOr(
    ok('No mail is overdue or given up.'),
    warnIf(
      dead > 0,
      `${counted(dead, 'mail was', 'mails were')} given up and not delivered. See the reason with postern mail list --state dead, and send again with postern mail resend.`
    ),
    warnIf(
      waiting > 0,
      `${counted(waiting, 'mail has', 'mails have')} been due for more than ten minutes, and no process sends mails. ${whoSends(config)}`
    ),
    warnIf(
      isSpent,
      'MAILS_OVER_ALL is spent: mails that people ask for are not sent until it refills. Who asks for so many? See "Limits and sizing" in docs/operations.md.'
    ),
    warnIf(
      level >= warningLevel && !isSpent,
      `MAILS_OVER_ALL is used to ${Math.floor(level * 100)} %. When it is spent, mails that people ask for are not sent.`
    )
  )
}

/** Checks whether events are posted to the webhook. Posts none: whoever receives it would take it for true. */
export async function examineWebhook({ db, config, clock }: Deps): Promise<Finding[]> {
  const { ok, warnIf } = findingsOf('webhook')
  const { EVENTS_WEBHOOK_URL: url } = config
  if (url === null) return []
  const due = new Date(clock().getTime() - overdueAfter)
  const dead = await db.prisma.webhookEvent.count({ where: { state: 'dead' } })
  const waiting = await db.prisma.webhookEvent.count({
    where: { state: 'queued', nextAttemptAt: { lt: due } }
  })
  const { protocol, hostname, origin } = new URL(url)
  return problemsOr(
    ok(
      `No event is overdue or given up. Whether ${origin} takes events is known only when one is posted.`
    ),
    warnIf(
      dead > 0,
      `${counted(dead, 'event was', 'events were')} given up. See the reason with postern webhook list --state dead, and send again with postern webhook resend --all.`
    ),
    warnIf(
      waiting > 0,
      `${counted(waiting, 'event has', 'events have')} been due for more than ten minutes, and no process posts events. ${whoSends(config)}`
    ),
    warnIf(
      protocol === 'http:' && !isLoopback(hostname),
      'EVENTS_WEBHOOK_URL is http: events travel unencrypted. Use an https URL.'
    )
  )
}

const whoSends = ({ MAIL_WORKER }: Pick<Deps['config'], 'MAIL_WORKER'>) =>
  MAIL_WORKER
    ? 'Is a service running?'
    : 'MAIL_WORKER is false here: is a worker running (postern worker)?'

/** Checks whether people hold a role that is no longer in `ROLES`. */
export async function examineRoles({ db, roles }: Deps): Promise<Finding[]> {
  const { ok, warn } = findingsOf('roles')
  const held = await db.prisma.user.groupBy({
    by: ['role'],
    where: { role: { notIn: roles.all.map(({ number }) => number) } },
    _count: true,
    orderBy: { role: 'asc' }
  })
  if (held.length === 0) return [ok('Every role that people hold has a name.')]
  return held.map(({ role, _count }) =>
    warn(
      `${counted(_count, 'person has', 'people have')} the role ${role}, which is not in ROLES: it counts as user, and tokens name it by its number. Put it back into ROLES, or give another with postern user set-role.`
    )
  )
}

/** Checks whether the database keeps audit events for as long as the settings say. */
export async function examineRetention({ db, config }: Deps): Promise<Finding[]> {
  const { ok, warnIf } = findingsOf('audit')
  const kept = await readRetention(db)
  const wanted = config.AUDIT_RETENTION
  const days = (seconds: number) => counted(Math.round(seconds / 86_400), 'day', 'days')
  return problemsOr(
    ok(`Audit events are kept for ${days(wanted)}.`),
    warnIf(
      kept !== null && kept !== wanted,
      `AUDIT_RETENTION is ${days(wanted)}, and the database keeps audit events for ${days(kept ?? 0)}. Run postern migrate as the owner of the tables.`
    ),
    warnIf(
      kept === null && !config.MIGRATE_ON_START,
      'The database does not know AUDIT_RETENTION, so the role of the service could remove audit events after a day. Run postern migrate as the owner of the tables.'
    )
  )
}

/** Checks whether there is a superuser. */
export async function examineAdmin({ db }: Deps): Promise<Finding[]> {
  const { ok, warn } = findingsOf('admin')
  return [
    (await hasSuperuser(db))
      ? ok('There is a superuser, or an open invitation for one.')
      : warn('There is no superuser. Create one with: postern admin create EMAIL.')
  ]
}
