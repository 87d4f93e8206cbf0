import { withdrawInvitation } from '../../accounts/invitation.js'
import { byOwner, record } from '../../audit/record.js'
import type { Deps } from '../../deps.js'
import { notify } from '../../mail/notify-owner.js'
import type { Sender } from '../../sender.js'
import type { SignIn } from '../../sign-in/complete.js'
import { type ChosenPassword, setPasswordByLink } from '../set-by-link.js'

/**
 * Sets a new password with a reset link, and notifies the owner by mail.
 *
 * @throws {Problem} as {@link setPasswordByLink}.
 */
export function setNewPassword(
  deps: Pick<
    Deps,
    'db' | 'config' | 'clock' | 'hasher' | 'passwordPolicy' | 'attemptKey' | 'outboxKeys'
  >,
  linkId: string,
  chosen: ChosenPassword,
  sender: Sender
): Promise<SignIn | null> {
  return setPasswordByLink(
    deps,
    {
      linkId,
      purpose: 'password_reset',
      accepts: () => true,
      finish: async (tx, account) => {
        await record(tx, { event: 'password.reset', ...byOwner(account.id), sender })
        await notify(tx, deps, account, { template: 'password-changed', sender })
        // The account has an owner now, who cannot accept an invitation any more.
        if (account.emailVerifiedAt === null) await withdrawInvitation(tx, deps, account.id)
      }
    },
    chosen,
    sender
  )
}
