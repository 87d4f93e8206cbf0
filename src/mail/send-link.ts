import { canonicalAddress } from '../base/email-address.js'
import type { Deps } from '../deps.js'
import { draftLink } from '../links/link.js'
import { replaceLinkCtes, untilReplaced } from '../links/sql.js'
import { mayMail } from './budget.js'
import { mailValues, queueMailCte } from './sql.js'

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
  /** The invitation of somebody who has not come yet. */
  invitation: {
    name: 'mail-invitation',
    eligible: `a."isActive" AND a."passwordHash" IS NULL
      AND EXISTS (SELECT FROM "Invitation" i WHERE i."userId" = a."id" AND i."acceptedAt" IS NULL)`,
    purpose: `'invitation'`,
    template: `'invitation'`,
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
    seconds: `CASE WHEN ${purpose} = 'password_reset' THEN $5::float8 ELSE $6::float8 END`,
    signUp
  })}, ${queueMailCte({ account: 'account', link: 'link', template, id: '$7', sealedSecret: '$8', locale: '$9' })}
SELECT "state" FROM queued`
})

type Request = {
  readonly kind: keyof typeof rules
  /** As typed. */
  readonly email: string
  readonly network: string
  /** For an account that has no language of its own. */
  readonly locale: string
}

/**
 * Mails a fresh link to whoever has an address, and nothing where nobody has it: in one statement
 * that takes the same path either way, after the budgets, and with no answer (ENU-07, BRF-11).
 */
export async function sendLink(
  deps: Pick<Deps, 'db' | 'config' | 'attemptKey' | 'linkCodeKey' | 'outboxKeys'>,
  { kind, email, network, locale }: Request
): Promise<void> {
  const address = canonicalAddress(email)
  if (address === null || !(await mayMail(deps, { address, network }))) return
  const { config, db } = deps
  const rule = rules[kind]
  const link = draftLink(deps, true)
  const mail = mailValues(deps, link.secret)
  const values = [
    address,
    link.id,
    link.digest,
    link.codeDigest,
    config.PASSWORD_RESET_TIMEOUT,
    config.ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS,
    mail.id,
    mail.sealedSecret,
    locale
  ]
  await untilReplaced(() => db.run(statementFor(rule), values))
  db.notify('mail')
}
