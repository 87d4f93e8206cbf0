import { isAddressTaken, setAddress } from '../../accounts/account.js'
import { lockAccount } from '../../accounts/lock.js'
import { record } from '../../audit/record.js'
import type { EmailAddress } from '../../base/email-address.js'
import type { Deps } from '../../deps.js'
import { createLink, findLink, redeemLink } from '../../links/link.js'
import type { Sender } from '../../sender.js'
import { endSessionsAfterEpoch } from '../../sessions/revoke.js'

type UndoDeps = Pick<Deps, 'db' | 'config' | 'clock' | 'linkCodeKey'>

/** The reset that an undo starts, for the browser that pressed the button. */
export type StartedReset = {
  readonly linkId: string
  readonly userId: string
  readonly expiresAt: Date
}

/**
 * Gives an account back to the mailbox it was taken from: the address returns, every session ends,
 * and a password reset begins, because whoever moved it knows the password.
 *
 * @returns null when the link is not good any more, or somebody else has the address by now.
 */
export async function undoChange(
  deps: UndoDeps,
  token: string,
  sender: Sender
): Promise<StartedReset | null> {
  const link = await findLink(deps.db, token, 'email_change_undo')
  if (link?.status !== 'live') return null
  return deps.db.transaction(async tx => {
    const account = await lockAccount(tx, link.userId)
    if (account === null || !(await redeemLink(tx, link))) return null
    const { id: userId } = account
    const email = link.address as EmailAddress
    if (account.email !== email && (await isAddressTaken(tx, email))) return null
    await setAddress(tx, userId, { email, emailVerifiedAt: deps.clock() })
    await endSessionsAfterEpoch(tx, { userId })
    await record(tx, { event: 'email.change_undone', actorId: null, subjectId: userId, sender })
    const lifetimeSeconds = deps.config.PASSWORD_RESET_TIMEOUT
    const { id: linkId } = await createLink(tx, deps, {
      userId,
      purpose: 'password_reset',
      address: email,
      credentialEpoch: account.credentialEpoch + 1,
      lifetimeSeconds
    })
    return { linkId, userId, expiresAt: new Date(deps.clock().getTime() + lifetimeSeconds * 1000) }
  })
}
