import { emailTaken } from '../accounts/account.js'
import { deletionParams } from '../accounts/deletion.js'
import { insertSignUp, isClaimed } from '../accounts/sql.js'
import { holdsAddress, reservesAddress } from '../accounts/undo-right.js'
import { auditEvent } from '../audit/record.js'
import { newId } from '../base/crypto/random.js'
import { type Sql, sql } from '../base/database/sql.js'
import type { EmailAddress } from '../base/email-address.js'
import type { Deps } from '../deps.js'
import { type Reservation, refundAttempts } from '../limits/budgets.js'
import { draftLink } from '../links/link.js'
import { freeSlot, liveLink, replaceLink } from '../links/sql.js'
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
 * One statement for three cases. A free address gets an account. An unverified account gets one more link,
 * with the data of this sign-up, and does not change before the person confirms with it (EML-11). An account
 * that is claimed, reserves the address, or has no slot left for another pending sign-up, gets a notice,
 * unless ACCOUNT_PREVENT_ENUMERATION is off. A live invitation protects its address.
 */
function insertOrNotify(
  deps: SignUpDeps,
  id: string,
  account: NewAccount,
  taken: Reservation,
  sender: Sender
): Sql {
  const { config } = deps
  const { email, ...signUp } = account
  const { locale } = sender
  const link = draftLink(deps, true)
  return sql`
WITH taken AS (
  SELECT u."id", ${email}::text AS "email", u."locale", u."credentialEpoch", ${freeSlot} AS "slot",
    ${isClaimed} OR ${reservesAddress(email)} OR ${freeSlot} IS NULL OR EXISTS (SELECT FROM "Link" l
      WHERE l."userId" = u."id" AND l."purpose" = 'invitation' AND ${liveLink}) AS claimed
  FROM "User" u WHERE ${holdsAddress(email)} FOR NO KEY UPDATE OF u
), ${insertSignUp({ id, ...account, locale })}, unverified AS (
  SELECT "id", "email", "locale", "credentialEpoch", 0 AS "slot" FROM created
  UNION ALL SELECT "id", "email", "locale", "credentialEpoch", "slot" FROM taken WHERE NOT claimed
), ${replaceLink(sql`unverified`, {
    ...link,
    purpose: sql`'email_verification'`,
    slot: sql`a."slot"`,
    expiresAt: sql`now() + make_interval(secs => ${config.ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS}::float8)`,
    signUp: sql`${JSON.stringify(signUp)}::jsonb`
  })}, recipient AS (
  SELECT "id", "email", "locale" FROM unverified
  UNION ALL SELECT "id", "email", "locale" FROM taken WHERE claimed AND ${config.ACCOUNT_PREVENT_ENUMERATION}::boolean
), ${queueMail(deps, {
    to: sql`recipient`,
    template: sql`CASE WHEN l."id" IS NULL THEN 'account-exists' ELSE 'email-verification' END`,
    params: sql`CASE WHEN l."id" IS NULL THEN ${deletionParams(sql`a."id"`)} ELSE '{}' END`,
    secret: link.secret,
    locale
  })}, ${refundAttempts(
    taken,
    sql`EXISTS (SELECT FROM taken) AND NOT EXISTS (SELECT FROM recipient)`
  )}, ${auditEvent({
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
 * Signs up under mandatory verification. `taken` is the mail's share of the budgets.
 *
 * @returns the id of the new account; an unused id when no account was created.
 * @throws {Problem} `email_taken`, only with `ACCOUNT_PREVENT_ENUMERATION` off.
 */
export async function signUpUnverified(
  deps: SignUpDeps,
  account: NewAccount,
  taken: Reservation,
  sender: Sender
): Promise<string> {
  const { db, config } = deps
  for (;;) {
    const userId = newId()
    const statement = insertOrNotify(deps, userId, account, taken, sender)
    const [row] = await db.run<Row>('sign-up-unverified', statement)
    const { wasTaken, isCreated, isClaimed } = row as Row
    if (isClaimed && !config.ACCOUNT_PREVENT_ENUMERATION) throw emailTaken()
    // Neither: a parallel sign-up took the address after the statement began. Try again.
    if (wasTaken || isCreated) {
      db.notify('mail')
      return userId
    }
  }
}
