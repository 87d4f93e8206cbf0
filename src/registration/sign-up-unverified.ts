import { emailTaken } from '../accounts/account.js'
import { auditCte, networkIn } from '../audit/record.js'
import { newId } from '../base/crypto/random.js'
import type { EmailAddress } from '../base/email-address.js'
import type { Deps } from '../deps.js'
import { draftLink } from '../links/link.js'
import { replaceLinkCtes } from '../links/sql.js'
import { mailValues, queueMailCte } from '../mail/sql.js'
import type { Sender } from '../sender.js'

type NewAccount = {
  readonly email: EmailAddress
  readonly passwordHash: string
  readonly firstName: string
  readonly lastName: string
}

/**
 * One statement for a free address, one that somebody signed up with but never proved, and one that
 * is somebody's. The first becomes an account; the second gets a new link that carries what this
 * sign-up asks for, and nothing of the account changes before that link is followed (EML-11); the
 * third gets a notice. `hides` is ACCOUNT_PREVENT_ENUMERATION: without it the third gets nothing.
 */
const signUp = {
  name: 'sign-up-unverified',
  text: `
WITH taken AS (
  SELECT u."id", u."email", u."locale", u."credentialEpoch",
    u."emailVerifiedAt" IS NOT NULL OR u."lastLoginAt" IS NOT NULL OR NOT u."isActive"
    OR (u."passwordHash" IS NOT NULL AND u."role" <> 0)
    OR EXISTS (SELECT FROM "Link" i WHERE i."userId" = u."id" AND i."purpose" = 'invitation'
      AND i."supersededAt" IS NULL AND i."redeemedAt" IS NULL AND i."expiresAt" > now()) AS claimed
  FROM "User" u WHERE u."email" = $1::text FOR NO KEY UPDATE OF u
), created AS (
  INSERT INTO "User" ("id", "email", "passwordHash", "firstName", "lastName", "locale", "createdAt")
  SELECT $2::uuid, $1::text, $3::text, $4::text, $5::text, $6::text, now()
  WHERE NOT EXISTS (SELECT FROM taken)
  ON CONFLICT ("email") DO NOTHING
  RETURNING "id", "email", "locale", "credentialEpoch"
), unproven AS (
  SELECT "id", "email", "locale", "credentialEpoch" FROM created
  UNION ALL SELECT "id", "email", "locale", "credentialEpoch" FROM taken WHERE NOT claimed
), ${replaceLinkCtes({
    account: 'unproven',
    id: '$7',
    purpose: `'email_verification'`,
    digest: '$8',
    codeDigest: '$9',
    seconds: '$10',
    signUp: '$11::jsonb'
  })}, holder AS (
  SELECT "id", "email", "locale" FROM unproven
  UNION ALL SELECT "id", "email", "locale" FROM taken WHERE claimed AND $14::boolean
), ${queueMailCte({
    account: 'holder',
    link: 'link',
    template: `CASE WHEN l."id" IS NULL THEN 'account-exists' ELSE 'email-verification' END`,
    id: '$12',
    sealedSecret: '$13',
    locale: '$6'
  })}, ${auditCte({
    from: '(SELECT) sign_up LEFT JOIN created c ON true',
    id: '$15',
    event: `'account.created'`,
    outcome: `CASE WHEN c."id" IS NULL THEN 'failure' ELSE 'success' END`,
    actorId: 'c."id"',
    subjectId: 'COALESCE(c."id", (SELECT "id" FROM taken))',
    network: '$16',
    userAgent: '$17'
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
  deps: Pick<Deps, 'db' | 'config' | 'linkCodeKey' | 'outboxKeys'>,
  account: NewAccount,
  sender: Sender
): Promise<string> {
  const { db, config } = deps
  const { email, passwordHash, firstName, lastName } = account
  const hides = config.ACCOUNT_PREVENT_ENUMERATION
  for (;;) {
    const userId = newId()
    const link = draftLink(deps, true)
    const mail = mailValues(deps, link.secret)
    const [row] = await db.run<Row>(signUp, [
      email,
      userId,
      passwordHash,
      firstName,
      lastName,
      sender.locale,
      link.id,
      link.digest,
      link.codeDigest,
      config.ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS,
      JSON.stringify({ passwordHash, firstName, lastName }),
      mail.id,
      mail.sealedSecret,
      hides,
      newId(),
      networkIn(sender),
      sender.userAgent
    ])
    const { wasTaken, isCreated, isClaimed } = row as Row
    if (isClaimed && !hides) throw emailTaken()
    // Neither: a sign-up beside this one took the address after the statement began. Look again.
    if (wasTaken || isCreated) {
      db.notify('mail')
      return userId
    }
  }
}
