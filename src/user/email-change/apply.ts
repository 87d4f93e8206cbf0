import { setAddress } from '../../accounts/account.js'
import { leaveInvitation } from '../../accounts/invitation.js'
import type { LockedAccount } from '../../accounts/lock.js'
import { openUndoRight } from '../../accounts/undo-right.js'
import { byOwner, record } from '../../audit/record.js'
import type { Database } from '../../base/database/database.js'
import { type EmailAddress, maskAddress } from '../../base/email-address.js'
import type { Deps } from '../../deps.js'
import { notifyOwner } from '../../mail/notify-owner.js'
import type { Sender } from '../../sender.js'

/**
 * Changes the address of an account that this transaction has locked, and mails the old address. The mail
 * has a link that undoes the change if the undo right belongs to the old address.
 *
 * @throws {Problem} `email_taken`, when another account has or reserves the address.
 */
export async function applyChange(
  tx: Database,
  deps: Pick<Deps, 'config' | 'clock' | 'attemptKey' | 'linkCodeKey' | 'outboxKeys'>,
  account: LockedAccount,
  { email, sender }: { email: EmailAddress; sender: Sender }
): Promise<void> {
  const link = await openUndoRight(tx, deps, account)
  await setAddress(tx, account.id, { email, emailVerifiedAt: deps.clock() })
  await leaveInvitation(tx, deps, account)
  const params = { newAddressMasked: maskAddress(email) }
  await notifyOwner(tx, deps, account, { template: 'email-changed', sender, params, link })
  await record(tx, { event: 'email.changed', ...byOwner(account.id), sender })
}
