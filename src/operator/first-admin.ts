import { builtIn } from '../base/config/roles.js'
import type { Database } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'
import { canonicalAddress } from '../base/email-address.js'
import { Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { liveLink } from '../links/sql.js'
import { type InviteDeps, type Invited, invite } from '../registration/invite.js'
import { noSender } from './no-sender.js'

/** Whether a superuser exists who can sign in, or whose invitation is still valid. */
export async function hasSuperuser(tx: Database): Promise<boolean> {
  const statement = sql`
    SELECT EXISTS (
      SELECT FROM "User" u LEFT JOIN "Invitation" i ON i."userId" = u."id" AND i."acceptedAt" IS NULL
      WHERE COALESCE(i."role", u."role") = ${builtIn.superuser}::int4 AND u."isActive" AND (i."id" IS NULL OR EXISTS (
        SELECT FROM "Link" l WHERE l."userId" = u."id" AND l."purpose" = 'invitation' AND ${liveLink}))
    ) AS found`
  const [row] = await tx.run<{ found: boolean }>('find-superuser', statement)
  return row?.found === true
}

/**
 * Invites `ADMIN_EMAIL` as superuser if there is none: a container needs no command and no default
 * password (ADM-09). A lock lets one instance at a time check and invite. Without mail the link is
 * written to the log.
 */
export async function inviteFirstAdmin(deps: InviteDeps & Pick<Deps, 'log'>): Promise<void> {
  const { config, db, log } = deps
  const { ADMIN_EMAIL: email } = config
  if (email === null) return
  try {
    const invited = await db.transaction(async tx => {
      await tx.prisma
        .$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('postern.first-admin', 0))`
      return (await hasSuperuser(tx)) ? null : inviteSuperuser({ ...deps, db: tx }, email)
    })
    if (invited === null) return
    const mailed = config.EMAIL_HOST !== null && !config.EMAIL_DISABLED
    log.warn(
      { event: 'admin.invited', email: invited.email, ...(mailed ? {} : { link: invited.link }) },
      mailed
        ? 'there is no superuser: an invitation was sent to ADMIN_EMAIL'
        : 'there is no superuser: open this link to choose the password of ADMIN_EMAIL'
    )
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'email_taken') throw error
    log.warn(
      { event: 'admin.not_invited' },
      (await isMailboxProved(deps, email))
        ? 'there is no superuser, and ADMIN_EMAIL already has an account: change its role with postern user set-role'
        : 'there is no superuser, and an account has ADMIN_EMAIL without proof of that mailbox: it may be a stranger’s. Give it no role before a password reset by mail has replaced its password and sessions, and postern user reset-mfa its second factor'
    )
  }
}

/** Whether somebody who reads the mailbox has confirmed it. With verification off an address is only claimed. */
async function isMailboxProved(
  { db, config }: Pick<Deps, 'db' | 'config'>,
  address: string
): Promise<boolean> {
  const email = canonicalAddress(address)
  const account = email && (await db.prisma.user.findUnique({ where: { email } }))
  if (!account?.emailVerifiedAt || config.EMAIL_VERIFICATION === 'none') return false
  // A sign-up under verification off counts as verified from its first moment.
  return account.emailVerifiedAt > account.createdAt
}

const inviteSuperuser = (deps: InviteDeps, email: string): Promise<Invited> =>
  invite(
    deps,
    { email, role: 'superuser', firstName: '', lastName: '' },
    { inviterId: null, locale: deps.config.DEFAULT_LOCALE, mail: 'admin-link', sender: noSender }
  )
