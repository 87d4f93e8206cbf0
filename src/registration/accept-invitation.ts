import { byOwner, record } from '../audit/record.js'
import type { Deps } from '../deps.js'
import { findLink, findLiveLink, type Link } from '../links/link.js'
import { type ChosenPassword, setPasswordByLink } from '../passwords/set-by-link.js'
import type { Sender } from '../sender.js'
import type { SignIn } from '../sign-in/complete.js'
import { invitationsOn } from './invite.js'

/**
 * Sets the first password of an invited account, which also verifies its address. Refuses an account that
 * has a password (ADM-04).
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
      accepts: ({ passwordHash, email }, link) => passwordHash === null && email === link.address,
      finish: async (tx, { id: userId }) => {
        const data = { acceptedAt: deps.clock() }
        await tx.prisma.invitation.updateMany({ where: { userId }, data })
        await record(tx, { event: 'invitation.accepted', ...byOwner(userId), sender })
      }
    },
    chosen,
    sender
  )
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
