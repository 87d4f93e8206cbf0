import { builtIn } from '../base/config/roles.js'
import type { Database } from '../base/database/database.js'
import { sql } from '../base/database/sql.js'
import { Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { liveLink } from '../links/sql.js'
import { type InviteDeps, type Invited, invite } from '../registration/invite.js'
import { noSender } from './no-sender.js'

/** One who can sign in, or whose invitation can still be followed. */
export async function hasSuperuser(tx: Database): Promise<boolean> {
  const statement = sql`
    SELECT EXISTS (
      SELECT FROM "User" u LEFT JOIN "Invitation" i ON i."userId" = u."id" AND i."acceptedAt" IS NULL
      WHERE u."role" = ${builtIn.superuser}::int4 AND u."isActive" AND (i."id" IS NULL OR EXISTS (
        SELECT FROM "Link" l WHERE l."userId" = u."id" AND l."purpose" = 'invitation' AND ${liveLink()}))
    ) AS found`
  const [row] = await tx.run<{ found: boolean }>('find-superuser', statement)
  return row?.found === true
}

/**
 * Invites `ADMIN_EMAIL` as superuser while there is none, so that a container gets its first one
 * without a command and nobody ever had a default password (ADM-09). Of instances that start together
 * one looks at a time. Where no mail is sent, the log is the only way the link can go.
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
        ? 'there is no superuser yet: ADMIN_EMAIL was mailed an invitation'
        : 'there is no superuser yet: open this link to choose the password of ADMIN_EMAIL'
    )
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'email_taken') throw error
    log.warn(
      { event: 'admin.not_invited' },
      'there is no superuser, and ADMIN_EMAIL has an account already: give it the role with postern user set-role'
    )
  }
}

const inviteSuperuser = (deps: InviteDeps, email: string): Promise<Invited> =>
  invite(
    deps,
    { email, role: 'superuser', firstName: '', lastName: '' },
    { inviterId: null, locale: deps.config.DEFAULT_LOCALE, mail: 'admin-link', sender: noSender }
  )
