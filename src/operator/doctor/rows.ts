import { keyIdOf } from '../../base/crypto/derive.js'
import type { Deps } from '../../deps.js'
import { listSigningKeys } from '../../tokens/keys/store.js'
import { hasSuperuser } from '../first-admin.js'
import { counted, type Finding, findingsOf, orElse } from './finding.js'

const day = 86_400_000

/** Whether the secret of the settings is the one that the database was filled with, and keys rotate. */
export async function examineKeys({ db, config, clock }: Deps): Promise<Finding[]> {
  const { ok, warn, fail } = findingsOf('keys')
  if (config.JWT_PRIVATE_KEY_FILE !== null)
    return [ok('JWT_PRIVATE_KEY_FILE holds a key that fits JWT_ALGORITHM.')]
  const keys = await listSigningKeys(db, config)
  const closed = keys.filter(({ sealedUnder }) => sealedUnder === null).length
  const active = keys.find(
    ({ state, algorithm }) => state === 'active' && algorithm === config.JWT_ALGORITHM
  )
  if (active === undefined && closed === 0)
    return [ok('There is no signing key yet; the first start makes one.')]
  const now = clock()
  const age = now.getTime() - (active?.activatedAt ?? now).getTime()
  const days = Math.floor(age / day)
  const earlier = keys.filter(({ sealedUnder }) => sealedUnder === 'SECRET_KEY_FALLBACKS').length
  return orElse(
    [
      [
        closed > 0,
        fail(
          'SECRET_KEY does not open the signing keys: the database was filled under another one. Set that again, or list it in SECRET_KEY_FALLBACKS.'
        )
      ],
      [
        age > config.SIGNING_KEY_LIFETIME * 1000 + day,
        warn(
          `The signing key is ${counted(days, 'day', 'days')} old and should have been rotated by now. A running service does that, and so does postern purge.`
        )
      ],
      [
        earlier > 0,
        warn(
          'Signing keys are still sealed under SECRET_KEY_FALLBACKS. A running service seals them again within minutes; keep the fallback until then.'
        )
      ]
    ],
    ok(`SECRET_KEY opens the signing keys; the active one is ${counted(days, 'day', 'days')} old.`)
  )
}

/** Whether second factors are asked for, and can be. */
export async function examineFactors({ db, config, totpKeys }: Deps): Promise<Finding[]> {
  const { ok, warn, fail } = findingsOf('second-factor')
  const known = [totpKeys.current, ...totpKeys.earlier].map(keyIdOf)
  const enrolled = await db.prisma.authenticator.count()
  const closed = await db.prisma.authenticator.count({ where: { keyId: { notIn: known } } })
  const mode = config.JWT_ALLAUTH_MFA_TOTP_MODE
  const people = counted(enrolled, 'person has', 'people have')
  return orElse(
    [
      [
        closed > 0,
        fail(
          `The second factor of ${counted(closed, 'person', 'people')} is sealed under a SECRET_KEY that is not in the settings: codes of their apps are refused. Add it to SECRET_KEY_FALLBACKS.`
        )
      ],
      [
        mode === 'disabled' && enrolled > 0,
        warn(
          `JWT_ALLAUTH_MFA_TOTP_MODE is disabled, and ${people} set up a second factor: their sign-in asks for the password alone. Set it to optional or required.`
        )
      ]
    ],
    ok(`JWT_ALLAUTH_MFA_TOTP_MODE is ${mode}; ${people} set up a second factor.`)
  )
}

const patience = 10 * 60_000

/** Whether mails leave the outbox. */
export async function examineOutbox({ db, config, clock }: Deps): Promise<Finding[]> {
  const { ok, warn } = findingsOf('outbox')
  const dead = await db.prisma.mail.count({ where: { state: 'dead' } })
  const due = new Date(clock().getTime() - patience)
  const waiting = await db.prisma.mail.count({
    where: { state: 'queued', nextAttemptAt: { lt: due } }
  })
  const sender = config.MAIL_WORKER
    ? 'Is a service running?'
    : 'MAIL_WORKER is false here: is a worker running (postern worker)?'
  return orElse(
    [
      [
        dead > 0,
        warn(
          `${counted(dead, 'mail was', 'mails were')} given up and not delivered. postern mail list --state dead tells why, postern mail resend sends again.`
        )
      ],
      [
        waiting > 0,
        warn(
          `${counted(waiting, 'mail has', 'mails have')} been due for more than ten minutes, and nobody sends. ${sender}`
        )
      ]
    ],
    ok('No mail is overdue or given up.')
  )
}

/** Whether somebody can administer the service. */
export async function examineAdmin({ db }: Deps): Promise<Finding[]> {
  const { ok, warn } = findingsOf('admin')
  return [
    (await hasSuperuser(db))
      ? ok('There is a superuser, or an open invitation to become one.')
      : warn('Nobody is superuser. Make one with: postern admin create EMAIL.')
  ]
}
