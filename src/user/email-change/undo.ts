import { isAddressTaken, setAddress } from '../../accounts/account.js'
import { lockAccount } from '../../accounts/lock.js'
import { record } from '../../audit/record.js'
import type { EmailAddress } from '../../base/email-address.js'
import { Problem } from '../../base/errors/problem.js'
import type { Deps } from '../../deps.js'
import {
  createLink,
  findLink,
  findUnmailedReset,
  type LinkKey,
  redeemLink
} from '../../links/link.js'
import type { Sender } from '../../sender.js'
import { endSessionsAfterEpoch } from '../../sessions/revoke.js'

type UndoDeps = Pick<Deps, 'db' | 'config' | 'clock' | 'linkCodeKey'>

/**
 * Undoes a change of address: restores the old address, ends every session and starts a password reset,
 * because an attacker who changed the address knows the password. An error does not use the link up.
 *
 * @returns the link of the reset, for the browser that pressed the button. A second click gets the same
 *   one: the browser may have dropped the answer to the first (PAG-05).
 * @throws {Problem} `link_invalid`, also where somebody else has the address by now.
 */
export async function undoChange(
  deps: UndoDeps,
  key: LinkKey,
  sender: Sender
): Promise<{ id: string; expiresAt: Date }> {
  const link = await findLink(deps.db, key, 'email_change_undo')
  if (link === null) throw new Problem('link_invalid')
  return deps.db.transaction(async tx => {
    const account = await lockAccount(tx, link.userId)
    if (account === null) throw new Problem('link_invalid')
    const { id: userId } = account
    const email = link.address as EmailAddress
    if (!(await redeemLink(tx, link))) {
      const begun = account.email === email ? await findUnmailedReset(tx, userId) : null
      if (begun === null) throw new Problem('link_invalid')
      return begun
    }
    if (account.email !== email && (await isAddressTaken(tx, email)))
      throw new Problem('link_invalid')
    await setAddress(tx, userId, { email, emailVerifiedAt: deps.clock() })
    await endSessionsAfterEpoch(tx, { userId })
    await record(tx, { event: 'email.change_undone', actorId: null, subjectId: userId, sender })
    return createLink(tx, deps, {
      userId,
      purpose: 'password_reset',
      address: email,
      credentialEpoch: account.credentialEpoch + 1,
      lifetimeSeconds: deps.config.PASSWORD_RESET_TIMEOUT
    })
  })
}
