import { type Sql, sql } from '../base/database/sql.js'
import { canonicalAddress } from '../base/email-address.js'
import type { Deps } from '../deps.js'
import { refundAttempts } from '../limits/budgets.js'
import { draftLink } from '../links/link.js'
import { replaceLink, untilReplaced } from '../links/sql.js'
import { type MailKind, takeMail } from './budget.js'
import { queueMail } from './sql.js'

/** Which accounts get a link on request, and which link. The fragments may use the account `a`. */
type Rule = {
  readonly budget: MailKind
  readonly eligible: Sql
  readonly purpose: Sql
  readonly template: Sql
  readonly signUp: Sql
}

const rules = {
  /** A password reset; an account without a password gets its invitation again (LNK-15). */
  password_reset: {
    budget: 'reset',
    eligible: sql`a."isActive"`,
    purpose: sql`CASE WHEN a."passwordHash" IS NULL THEN 'invitation' ELSE 'password_reset' END`,
    template: sql`CASE WHEN a."passwordHash" IS NULL THEN 'invitation' ELSE 'password-reset' END`,
    signUp: sql`NULL::jsonb`
  },
  /** An invitation that was not accepted yet. */
  invitation: {
    budget: 'invitation',
    eligible: sql`a."isActive" AND a."passwordHash" IS NULL
      AND EXISTS (SELECT FROM "Invitation" i WHERE i."userId" = a."id" AND i."acceptedAt" IS NULL)`,
    purpose: sql`'invitation'`,
    template: sql`'invitation'`,
    signUp: sql`NULL::jsonb`
  },
  /** The confirmation of an unverified address. It takes over the sign-up data of the previous link. */
  email_verification: {
    budget: 'confirmation',
    eligible: sql`a."isActive" AND a."emailVerifiedAt" IS NULL AND a."passwordHash" IS NOT NULL`,
    purpose: sql`'email_verification'`,
    template: sql`'email-verification'`,
    signUp: sql`(SELECT "signUp" FROM superseded LIMIT 1)`
  }
} as const satisfies Record<string, Rule>

type Request = {
  readonly kind: keyof typeof rules
  /** As typed. */
  readonly email: string
  readonly network: string
  /** For an account without a language. */
  readonly locale: string
}

/**
 * Mails a new link to the account with an address, if there is one and the budgets allow it (BRF-11). The
 * statement does the same work without an account, so that the time reveals nothing (ENU-07); it then
 * gives the mail back to the budgets.
 */
export async function sendLink(
  deps: Pick<Deps, 'db' | 'config' | 'attemptKey' | 'warnOfMails' | 'linkCodeKey' | 'outboxKeys'>,
  { kind, email, network, locale }: Request
): Promise<void> {
  const address = canonicalAddress(email)
  if (address === null) return
  const { budget, eligible, purpose, template, signUp } = rules[kind]
  const taken = await takeMail(deps, { kind: budget, address, network })
  if (taken === null) return
  const { config, db } = deps
  const link = draftLink(deps, true)
  const seconds = sql`CASE WHEN ${purpose} = 'password_reset' THEN ${config.PASSWORD_RESET_TIMEOUT}::float8
    ELSE ${config.ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS}::float8 END`
  const statement = sql`
    WITH account AS (
      SELECT a."id", a."email", a."locale", a."credentialEpoch", a."passwordHash" FROM "User" a
      WHERE a."email" = ${address}::text AND ${eligible} FOR NO KEY UPDATE
    ), ${replaceLink(sql`account`, { ...link, purpose, seconds, signUp })},
    ${queueMail(deps, { to: sql`account`, template, secret: link.secret, locale })},
    ${refundAttempts(taken, sql`NOT EXISTS (SELECT FROM account)`)}
    SELECT "state" FROM queued`
  await untilReplaced(() => db.run(`send-link-${kind}`, statement))
  db.notify('mail')
}
