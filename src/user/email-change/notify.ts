import type { LockedAccount } from '../../accounts/lock.js'
import type { Database } from '../../base/database/database.js'
import { maskAddress } from '../../base/email-address.js'
import type { Deps } from '../../deps.js'
import { createLink } from '../../links/link.js'
import { notifyOwner } from '../../mail/notify-owner.js'

const undoSeconds = 72 * 3600

/**
 * Mails the old address after a change, with a link that undoes it. The link has no epoch, so that an
 * attacker who then changes the password does not void it. An unverified address gets no mail: it may
 * belong to another person.
 */
export async function notifyChange(
  tx: Database,
  deps: Pick<Deps, 'config' | 'clock' | 'attemptKey' | 'linkCodeKey' | 'outboxKeys'>,
  account: Pick<LockedAccount, 'id' | 'email' | 'emailVerifiedAt' | 'locale'>,
  newAddress: string
): Promise<void> {
  if (account.emailVerifiedAt === null) return
  const link = await createLink(tx, deps, {
    userId: account.id,
    purpose: 'email_change_undo',
    address: account.email,
    credentialEpoch: null,
    lifetimeSeconds: undoSeconds
  })
  const params = { newAddressMasked: maskAddress(newAddress) }
  await notifyOwner(tx, deps, account, { template: 'email-changed', params, link })
}
