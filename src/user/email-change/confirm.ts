import { isAddressTaken, setAddress } from '../../accounts/account.js'
import { lockAccount } from '../../accounts/lock.js'
import { byOwner, record } from '../../audit/record.js'
import type { EmailAddress } from '../../base/email-address.js'
import type { Deps } from '../../deps.js'
import { findLink, redeemLink } from '../../links/link.js'
import type { Sender } from '../../sender.js'
import { notifyChange } from './notify.js'

type ChangeDeps = Pick<Deps, 'db' | 'config' | 'clock' | 'linkCodeKey' | 'outboxKeys'>

/**
 * Moves an account to the address whose mailbox the link proves, and to no other: the address is
 * the link's own (EML-07). Sessions stay; links mailed to the old address are void (EML-12).
 *
 * @returns the new address; null when the link is not good any more, or the address was taken meanwhile.
 */
export async function confirmChange(
  deps: ChangeDeps,
  token: string,
  sender: Sender
): Promise<string | null> {
  const link = await findLink(deps.db, token, 'email_change')
  if (link?.status !== 'live') return null
  return deps.db.transaction(async tx => {
    const account = await lockAccount(tx, link.userId)
    if (account === null || !(await redeemLink(tx, link))) return null
    const email = link.address as EmailAddress
    if (await isAddressTaken(tx, email)) return null
    await setAddress(tx, account.id, { email, emailVerifiedAt: deps.clock() })
    await notifyChange(tx, deps, account, email)
    const { id: userId } = account
    await record(tx, { event: 'email.changed', ...byOwner(userId), sender })
    return email
  })
}
