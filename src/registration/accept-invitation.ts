import { byOwner, record } from '../audit/record.js'
import type { Deps } from '../deps.js'
import { findLink, findLiveLink, type Link } from '../links/link.js'
import { type ChosenPassword, setPasswordByLink } from '../passwords/set-by-link.js'
import type { Sender } from '../sender.js'
import type { SignIn } from '../sign-in/complete.js'

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

/** The invitation link of a token, in any status; null for any other token. */
export async function openInvitationLink(
  { db }: Pick<Deps, 'db'>,
  token: string
): Promise<Link | null> {
  return findLink(db, { token }, 'invitation')
}

/** The live invitation link of a flow cookie. */
export async function readLiveInvitation(
  { db }: Pick<Deps, 'db'>,
  linkId: string
): Promise<Link | null> {
  return findLiveLink(db, linkId, 'invitation')
}
