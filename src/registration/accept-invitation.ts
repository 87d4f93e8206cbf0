import { closeInvitation, restoreInvitation } from '../accounts/invitation.js'
import { createInvited } from '../accounts/invited.js'
import { type LockedAccount, lockAccount } from '../accounts/lock.js'
import { yieldsAddress, yieldUnproven } from '../accounts/yield-unproven.js'
import { byOwner, record } from '../audit/record.js'
import type { Database } from '../base/database/database.js'
import { Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { findLink, findLiveLink, type Link } from '../links/link.js'
import { type ChosenPassword, setPasswordByLink } from '../passwords/set-by-link.js'
import type { Sender } from '../sender.js'
import type { SignIn } from '../sign-in/complete.js'
import { invitationsOn } from './invite.js'

/**
 * Sets the first password of an invited account, which also verifies its address. Refuses a proven account
 * that has a password (ADM-04). An unproven one in use gives way to a new account (UND-07).
 *
 * @throws {Problem} as {@link setPasswordByLink}.
 */
export function acceptInvitation(
  deps: Pick<Deps, 'db' | 'config' | 'clock' | 'hasher' | 'passwordPolicy'>,
  linkId: string,
  chosen: ChosenPassword,
  sender: Sender
): Promise<SignIn | null> {
  return setPasswordByLink(
    deps,
    {
      linkId,
      purpose: 'invitation',
      accepts: (account, link) =>
        (account.passwordHash === null || yieldsAddress(account)) && account.email === link.address,
      replace: async (tx, account) =>
        account.passwordHash === null ? account : replaceUnproven(tx, deps, account, sender),
      finish: async (tx, { id: userId }) => {
        await closeInvitation(tx, userId, deps.clock())
        await record(tx, { event: 'invitation.accepted', ...byOwner(userId), sender })
      }
    },
    chosen,
    sender
  )
}

/** Removes an unproven account that was in use, and gives its invitation to a new account. */
async function replaceUnproven(
  tx: Database,
  { clock }: Pick<Deps, 'clock'>,
  { id, email, locale }: LockedAccount,
  sender: Sender
): Promise<LockedAccount> {
  const invitation = await tx.prisma.invitation.findFirst({
    where: { userId: id, user: { lastLoginAt: { not: null } } }
  })
  if (invitation === null) throw new Problem('capability_invalid', { final: true })
  await yieldUnproven(tx, { email, userId: null }, sender)
  const { role } = invitation
  const invited = { email, role, firstName: '', lastName: '', locale: locale ?? sender.locale }
  const userId = await createInvited(tx, invited, clock())
  const account = userId && (await lockAccount(tx, userId))
  if (!account) throw new Problem('capability_invalid', { final: true })
  await restoreInvitation(tx, invitation, account.id)
  return account
}

type OpenDeps = Pick<Deps, 'db' | 'config'>

/** The invitation link of a token, in any status; null for any other token, and for one that {@link counts} not. */
export async function openInvitationLink(deps: OpenDeps, token: string): Promise<Link | null> {
  const link = await findLink(deps.db, { token }, 'invitation')
  return link !== null && (await counts(deps, link)) ? link : null
}

/** The live invitation link of a flow cookie. */
export async function readLiveInvitation(deps: OpenDeps, linkId: string): Promise<Link | null> {
  const link = await findLiveLink(deps.db, linkId, 'invitation')
  return link !== null && (await counts(deps, link)) ? link : null
}

/** Whether an invitation counts under the settings: an operator's always, a person's while people may invite. */
async function counts(
  { db, config }: OpenDeps,
  { userId }: Pick<Link, 'userId'>
): Promise<boolean> {
  if (invitationsOn(config)) return true
  const where = { userId, inviterId: null }
  return (await db.prisma.invitation.count({ where })) > 0
}
