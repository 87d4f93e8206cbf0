import { isAddressTaken, setAddress } from '../../accounts/account.js'
import { lockAccount } from '../../accounts/lock.js'
import { yieldUnproven } from '../../accounts/yield-unproven.js'
import { byOwner, record } from '../../audit/record.js'
import type { EmailAddress } from '../../base/email-address.js'
import { Problem } from '../../base/errors/problem.js'
import type { Deps } from '../../deps.js'
import { findLink, type LinkKey, redeemLink } from '../../links/link.js'
import type { Sender } from '../../sender.js'
import { notifyChange } from './notify.js'

type ChangeDeps = Pick<
  Deps,
  'db' | 'config' | 'clock' | 'attemptKey' | 'linkCodeKey' | 'outboxKeys'
>

/**
 * Changes an account to the address that its link was mailed to (EML-07). Sessions stay; links in the old
 * mailbox become void (EML-12). An account that never proved the address yields. An error does not use the
 * link up.
 *
 * @throws {Problem} `link_invalid`, also when another account has taken the address meanwhile.
 */
export async function confirmChange(deps: ChangeDeps, key: LinkKey, sender: Sender): Promise<void> {
  const link = await findLink(deps.db, key, 'email_change')
  if (link === null) throw new Problem('link_invalid')
  await deps.db.transaction(async tx => {
    const account = await lockAccount(tx, link.userId)
    if (account === null) throw new Problem('link_invalid')
    const email = link.address as EmailAddress
    if (!(await redeemLink(tx, link))) {
      // A second click: the first has moved the account (PAG-05).
      if (account.email === email) return
      throw new Problem('link_invalid')
    }
    await yieldUnproven(tx, { email, userId: account.id }, sender)
    if (await isAddressTaken(tx, email)) throw new Problem('link_invalid')
    await setAddress(tx, account.id, { email, emailVerifiedAt: deps.clock() })
    await notifyChange(tx, deps, account, email)
    await record(tx, { event: 'email.changed', ...byOwner(account.id), sender })
  })
}
