import { type Sql, sql } from '../base/database/sql.js'
import { canonicalAddress } from '../base/email-address.js'
import type { Deps } from '../deps.js'
import { nothingReserved, refundAttempts } from '../limits/budgets.js'
import { draftLink } from '../links/link.js'
import { liveLink, replaceLink, untilReplaced } from '../links/sql.js'
import { type MailKind, takeMail } from './budget.js'
import { queueMail } from './sql.js'

/** Which accounts get a link on request, and which link. */
type Rule = {
  readonly budget: MailKind
  /** May use the account `u`. */
  readonly eligible: Sql
  /** These fragments may use CTE `account` as `a`. */
  readonly purpose: Sql
  readonly slot: Sql
  readonly template: Sql
  readonly signUp: Sql
}

/**
 * Whether an account `u` has been invited and has not accepted yet. After an undo a proven account has no
 * password either.
 */
const isInvited = sql`(u."passwordHash" IS NULL AND u."emailVerifiedAt" IS NULL
  AND EXISTS (SELECT FROM "Invitation" i WHERE i."userId" = u."id" AND i."acceptedAt" IS NULL))`

/**
 * The end of the open invitation of an account `u`; NULL without one. A new link keeps it: only the inviter or
 * an operator gives an invitation more time. In its last second an invitation is not mailed again.
 */
const invitedUntil = sql`
  (SELECT l."expiresAt" FROM "Link" l WHERE l."userId" = u."id" AND l."purpose" = 'invitation'
    AND l."expiresAt" > now() + interval '1 second' AND ${liveLink})`

/** The slot of the latest sign-up of an account; NULL without one. */
const latestSlot = (account: Sql) => sql`
  (SELECT l."slot" FROM "Link" l WHERE l."userId" = ${account}."id" AND l."purpose" = 'email_verification'
    AND l."supersededAt" IS NULL ORDER BY l."createdAt" DESC, l."id" DESC LIMIT 1)`

const rules = {
  /** A password reset; an invited account gets its open invitation again (LNK-15). */
  password_reset: {
    budget: 'reset',
    eligible: sql`u."isActive" AND (NOT ${isInvited} OR ${invitedUntil} IS NOT NULL)`,
    purpose: sql`CASE WHEN a."isInvited" THEN 'invitation' ELSE 'password_reset' END`,
    slot: sql`0`,
    template: sql`CASE WHEN a."isInvited" THEN 'invitation' ELSE 'password-reset' END`,
    signUp: sql`NULL::jsonb`
  },
  /** An open invitation. */
  invitation: {
    budget: 'invitation',
    eligible: sql`u."isActive" AND ${isInvited} AND ${invitedUntil} IS NOT NULL`,
    purpose: sql`'invitation'`,
    slot: sql`0`,
    template: sql`'invitation'`,
    signUp: sql`NULL::jsonb`
  },
  /** The confirmation of the latest sign-up of an unverified address. It takes over the data of its previous link. */
  email_verification: {
    budget: 'confirmation',
    eligible: sql`u."isActive" AND u."emailVerifiedAt" IS NULL
      AND (u."passwordHash" IS NOT NULL OR ${latestSlot(sql`u`)} IS NOT NULL)`,
    purpose: sql`'email_verification'`,
    slot: sql`COALESCE(${latestSlot(sql`a`)}, 0)`,
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
 * statement does the same work without an account, and when the budgets allow no mail, so that the time
 * reveals nothing (ENU-07). Without an account it gives the mail back to the budgets.
 */
export async function sendLink(
  deps: Pick<Deps, 'db' | 'config' | 'attemptKey' | 'warnOfMails' | 'linkCodeKey' | 'outboxKeys'>,
  { kind, email, network, locale }: Request
): Promise<void> {
  const address = canonicalAddress(email)
  if (address === null) return
  const { budget, eligible, purpose, slot, template, signUp } = rules[kind]
  const taken = await takeMail(deps, { kind: budget, address, network })
  const { config, db } = deps
  const link = draftLink(deps, true)
  const expiresAt = sql`CASE ${purpose}
    WHEN 'invitation' THEN a."invitedUntil"
    WHEN 'password_reset' THEN now() + make_interval(secs => ${config.PASSWORD_RESET_TIMEOUT}::float8)
    ELSE now() + make_interval(secs => ${config.ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS}::float8) END`
  const statement = sql`
    WITH account AS (
      SELECT u."id", u."email", u."locale", u."credentialEpoch", ${isInvited} AS "isInvited",
        ${invitedUntil} AS "invitedUntil"
      FROM "User" u WHERE u."email" = ${address}::text AND ${eligible}
        AND ${taken !== null}::boolean FOR NO KEY UPDATE OF u
    ), ${replaceLink(sql`account`, { ...link, purpose, slot, expiresAt, signUp })},
    ${queueMail(deps, { to: sql`account`, template, secret: link.secret, locale })},
    ${refundAttempts(taken ?? nothingReserved, sql`NOT EXISTS (SELECT FROM account)`)}
    SELECT "state" FROM queued`
  await untilReplaced(() => db.run(`send-link-${kind}`, statement))
  if (taken !== null) db.notify('mail')
}
