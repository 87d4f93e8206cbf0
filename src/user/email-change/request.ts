import { readDeletion } from '../../accounts/deletion.js'
import type { LockedAccount } from '../../accounts/lock.js'
import { findAddressHolder, yieldsAddress } from '../../accounts/yield-unproven.js'
import { byOwner, record } from '../../audit/record.js'
import type { Database } from '../../base/database/database.js'
import type { EmailAddress } from '../../base/email-address.js'
import { maskAddress } from '../../base/email-address.js'
import type { Deps } from '../../deps.js'
import { createLink } from '../../links/link.js'
import { enqueue } from '../../mail/enqueue.js'
import { notifyOwner } from '../../mail/notify-owner.js'
import type { Sender } from '../../sender.js'
import { applyChange } from './apply.js'

type ChangeDeps = Pick<Deps, 'config' | 'clock' | 'attemptKey' | 'linkCodeKey' | 'outboxKeys'>

type Request = {
  readonly email: EmailAddress
  /** Whether the budgets allow a mail to the address. */
  readonly mayMail: boolean
  readonly sender: Sender
}

/**
 * Starts the change to another address, in the transaction that has locked the account. Without verification
 * the change applies at once. With it the new address is pending until it is confirmed; an address that
 * another account has or reserves is pending too, but gets no link (ENU-10).
 *
 * @returns the pending address; null when the change was applied.
 * @throws {Problem} `email_taken`, only with verification off.
 */
export async function requestChange(
  tx: Database,
  deps: ChangeDeps,
  account: LockedAccount,
  { email, mayMail, sender }: Request
): Promise<EmailAddress | null> {
  const { id: userId } = account
  if (deps.config.EMAIL_VERIFICATION === 'none') {
    await applyChange(tx, deps, account, { email, sender })
    return null
  }
  await record(tx, { event: 'email.change_requested', ...byOwner(userId), sender })
  await mailConfirmation(tx, deps, account, { email, mayMail, sender })
  return email
}

/**
 * Mails a link to the new address and a notice to the old one. A taken address gets a notice instead of the
 * link, unless its account never proved it.
 */
async function mailConfirmation(
  tx: Database,
  deps: ChangeDeps,
  account: LockedAccount,
  { email, mayMail, sender }: Request
): Promise<void> {
  const { id: userId, credentialEpoch } = account
  const holder = await findAddressHolder(tx, email)
  const isFree = holder === null || yieldsAddress(holder) || holder.id === userId
  const link = await createLink(tx, deps, {
    userId,
    purpose: 'email_change',
    address: email,
    credentialEpoch,
    lifetimeSeconds: deps.config.ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS
  })
  if (mayMail && isFree) {
    await enqueue(tx, deps, { template: 'email-change-confirm', to: { ...account, email }, link })
  } else if (mayMail && holder !== null) {
    const erasedAt = await readDeletion(tx, holder.id)
    const params = erasedAt === null ? {} : { erasedAt: erasedAt.toISOString() }
    await enqueue(tx, deps, { template: 'account-exists', to: { ...holder, email }, params })
  }
  const params = { newAddressMasked: maskAddress(email) }
  await notifyOwner(tx, deps, account, { template: 'email-change-requested', sender, params })
}
