import type { EmailAddress } from '../accounts/address.js'
import type { Deps } from '../deps.js'
import { mailValues, queueMailCte } from '../outbox/queue-sql.js'
import { draftLink } from './links.js'
import { replaceLinkCtes } from './replace-sql.js'

/** Which accounts get a link when somebody names their address, and which link. SQL over the account `a`. */
type Rule = {
  readonly name: string
  readonly eligible: string
  readonly purpose: string
  readonly template: string
  readonly signUp: string
}

const rules = {
  /** A password reset; an account that never had a password gets its invitation again (LNK-15). */
  password_reset: {
    name: 'mail-password-reset',
    eligible: 'a."isActive"',
    purpose: `CASE WHEN a."passwordHash" IS NULL THEN 'invitation' ELSE 'password_reset' END`,
    template: `CASE WHEN a."passwordHash" IS NULL THEN 'invitation' ELSE 'password-reset' END`,
    signUp: 'NULL::jsonb'
  },
  /** The confirmation of an address that has none yet; it asks for what the link before it asked for. */
  email_verification: {
    name: 'mail-email-verification',
    eligible: 'a."isActive" AND a."emailVerifiedAt" IS NULL AND a."passwordHash" IS NOT NULL',
    purpose: `'email_verification'`,
    template: `'email-verification'`,
    signUp: '(SELECT "signUp" FROM superseded LIMIT 1)'
  }
} as const satisfies Record<string, Rule>

const statementFor = ({ name, eligible, purpose, template, signUp }: Rule) => ({
  name,
  text: `
WITH account AS (
  SELECT a."id", a."email", a."locale", a."credentialEpoch", a."passwordHash" FROM "User" a
  WHERE a."email" = $1::text AND ${eligible} FOR NO KEY UPDATE
), ${replaceLinkCtes({
    account: 'account',
    id: '$2',
    purpose,
    digest: '$3',
    codeDigest: '$4',
    seconds: `CASE WHEN ${purpose} = 'invitation' THEN $6::float8 ELSE $5::float8 END`,
    signUp
  })}, ${queueMailCte({ account: 'account', link: 'link', template, id: '$7', sealedSecret: '$8', locale: '$9' })}
SELECT "state" FROM queued`
})

type Request = {
  readonly kind: keyof typeof rules
  readonly address: EmailAddress
  readonly lifetimeSeconds: number
  readonly locale: string
}

/**
 * Mails a fresh link to whoever has this address, in one statement that takes the same path whether
 * there is anybody or not (ENU-07). The caller has asked the mail budgets before.
 */
export async function mailLink(
  deps: Pick<Deps, 'db' | 'config' | 'linkCodeKey' | 'outboxKeys'>,
  { kind, address, lifetimeSeconds, locale }: Request
): Promise<void> {
  const link = draftLink(deps, true)
  const mail = mailValues(deps, link.secret)
  await deps.db.run(statementFor(rules[kind]), [
    address,
    link.id,
    link.digest,
    link.codeDigest,
    lifetimeSeconds,
    deps.config.ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS,
    mail.id,
    mail.sealedSecret,
    locale
  ])
  deps.db.notify('mail')
}
