import { restoreAccount } from '../../accounts/credentials.js'
import { keepAccount } from '../../accounts/deletion.js'
import { spendUndoRight } from '../../accounts/undo-right.js'
import { record } from '../../audit/record.js'
import { maskAddress } from '../../base/email-address.js'
import { Problem } from '../../base/errors/problem.js'
import type { Deps } from '../../deps.js'
import { createLink, findUnmailedReset, type LinkKey, voidLinks } from '../../links/link.js'
import { notifyOwner } from '../../mail/notify-owner.js'
import { restoreSecondFactor } from '../../mfa/authenticators.js'
import type { Sender } from '../../sender.js'
import { endSessionsAfterEpoch } from '../../sessions/revoke.js'
import { useMailedLink } from '../mailed-link.js'

type UndoDeps = Pick<Deps, 'db' | 'config' | 'clock' | 'attemptKey' | 'linkCodeKey' | 'outboxKeys'>

/**
 * Gives an account back to the address of its undo right, and starts a password reset, because a thief may
 * know the password. Every session, link and challenge ends, and so does a second factor that was set up
 * since the right arose. A deletion that was asked for is off. Both mailboxes are told.
 *
 * @returns the link of the reset, for the browser that pressed the button. A second click gets the same
 *   one: the browser may have dropped the answer to the first (PAG-05).
 * @throws {Problem} `link_invalid`.
 */
export function undoChange(
  deps: UndoDeps,
  key: LinkKey,
  sender: Sender
): Promise<{ id: string; expiresAt: Date }> {
  return useMailedLink<{ id: string; expiresAt: Date }>(deps, key, 'email_change_undo', {
    first: async (tx, account, email) => {
      const { id: userId } = account
      const right = await spendUndoRight(tx, { userId, address: email })
      if (right === null) throw new Problem('link_invalid')
      const now = deps.clock()
      const wasDeleting = await keepAccount(tx, userId)
      const credentialEpoch = await restoreAccount(tx, userId, { email, now })
      await endSessionsAfterEpoch(tx, { userId })
      // The epoch does not void further undo links.
      await voidLinks(tx, userId, now)
      const subject = { actorId: null, subjectId: userId, sender }
      await record(tx, { event: 'email.change_undone', ...subject })
      if (wasDeleting) await record(tx, { event: 'account.deletion_undone', ...subject })
      if (await restoreSecondFactor(tx, userId, right))
        await record(tx, { event: 'mfa.disabled', ...subject })
      const mail = {
        template: 'changes-undone',
        params: { addressMasked: maskAddress(email) }
      } as const
      await notifyOwner(tx, deps, { ...account, email, emailVerifiedAt: now }, { ...mail, sender })
      // Whoever reads the other mailbox may be the thief, who must not learn where the owner is.
      if (account.email !== email) await notifyOwner(tx, deps, account, { ...mail, sender: null })
      return createLink(tx, deps, {
        userId,
        purpose: 'password_reset',
        address: email,
        credentialEpoch,
        lifetimeSeconds: deps.config.PASSWORD_RESET_TIMEOUT
      })
    },
    again: (tx, { id }) => findUnmailedReset(tx, id)
  })
}
