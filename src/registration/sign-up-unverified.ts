import { emailTaken } from '../accounts/account.js'
import { insertSignUp, isClaimed } from '../accounts/sql.js'
import { auditEvent } from '../audit/record.js'
import { newId } from '../base/crypto/random.js'
import { type Sql, sql } from '../base/database/sql.js'
import type { EmailAddress } from '../base/email-address.js'
import type { Deps } from '../deps.js'
import { draftLink } from '../links/link.js'
import { liveLink, replaceLink } from '../links/sql.js'
import { queueMail } from '../mail/sql.js'
import type { Sender } from '../sender.js'

type NewAccount = {
  readonly email: EmailAddress
  readonly passwordHash: string
  readonly firstName: string
  readonly lastName: string
}

type SignUpDeps = Pick<Deps, 'db' | 'config' | 'linkCodeKey' | 'outboxKeys'>

/**
 * One statement for a free address, one that somebody signed up with but never proved, and one that
 * is somebody's. The first becomes an account; the second gets a new link that carries what this
 * sign-up asks for, and nothing of the account changes before that link is followed (EML-11); the
 * third gets a notice, unless ACCOUNT_PREVENT_ENUMERATION is off. An invitation keeps its address
 * also after the account's epoch has voided its link.
 */
function insertOrNotify(deps: SignUpDeps, id: string, account: NewAccount, sender: Sender): Sql {
  const { config } = deps
  const { email, ...asked } = account
  const { locale } = sender
  const link = draftLink(deps, true)
  return sql`
WITH taken AS (
  SELECT u."id", u."email", u."locale", u."credentialEpoch",
    ${isClaimed} OR EXISTS (SELECT FROM "Link" l WHERE l."userId" = u."id" AND l."purpose" = 'invitation'
      AND ${liveLink({ anyEpoch: true })}) AS claimed
  FROM "User" u WHERE u."email" = ${email}::text FOR NO KEY UPDATE OF u
), ${insertSignUp({ id, ...account, locale })}, unproven AS (
  SELECT "id", "email", "locale", "credentialEpoch" FROM created
  UNION ALL SELECT "id", "email", "locale", "credentialEpoch" FROM taken WHERE NOT claimed
), ${replaceLink(sql`unproven`, {
    ...link,
    purpose: sql`'email_verification'`,
    seconds: sql`${config.ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS}::float8`,
    signUp: sql`${JSON.stringify(asked)}::jsonb`
  })}, holder AS (
  SELECT "id", "email", "locale" FROM unproven
  UNION ALL SELECT "id", "email", "locale" FROM taken WHERE claimed AND ${config.ACCOUNT_PREVENT_ENUMERATION}::boolean
), ${queueMail(deps, {
    to: sql`holder`,
    template: sql`CASE WHEN l."id" IS NULL THEN 'account-exists' ELSE 'email-verification' END`,
    secret: link.secret,
    locale
  })}, ${auditEvent({
    event: 'account.created',
    sender,
    from: sql`(SELECT) sign_up LEFT JOIN created c ON true`,
    outcome: sql`CASE WHEN c."id" IS NULL THEN 'failure' ELSE 'success' END`,
    actorId: sql`c."id"`,
    subjectId: sql`COALESCE(c."id", (SELECT "id" FROM taken))`
  })}
SELECT EXISTS (SELECT FROM taken) AS "wasTaken", EXISTS (SELECT FROM created) AS "isCreated",
  EXISTS (SELECT FROM taken WHERE claimed) AS "isClaimed"`
}

type Row = { readonly wasTaken: boolean; readonly isCreated: boolean; readonly isClaimed: boolean }

/**
 * Signs up under mandatory verification.
 *
 * @returns the id of the account if this made one; nobody's otherwise.
 * @throws {Problem} `email_taken`, only with `ACCOUNT_PREVENT_ENUMERATION` off.
 */
export async function signUpUnverified(
  deps: SignUpDeps,
  account: NewAccount,
  sender: Sender
): Promise<string> {
  const { db, config } = deps
  for (;;) {
    const userId = newId()
    const statement = insertOrNotify(deps, userId, account, sender)
    const [row] = await db.run<Row>('sign-up-unverified', statement)
    const { wasTaken, isCreated, isClaimed } = row as Row
    if (isClaimed && !config.ACCOUNT_PREVENT_ENUMERATION) throw emailTaken()
    // Neither: a sign-up beside this one took the address after the statement began. Look again.
    if (wasTaken || isCreated) {
      db.notify('mail')
      return userId
    }
  }
}
