import { yieldUnproven } from '../../accounts/yield-unproven.js'
import type { Deps } from '../../deps.js'
import type { LinkKey } from '../../links/link.js'
import type { Sender } from '../../sender.js'
import { useMailedLink } from '../mailed-link.js'
import { applyChange } from './apply.js'

type ConfirmDeps = Pick<
  Deps,
  'db' | 'config' | 'clock' | 'attemptKey' | 'linkCodeKey' | 'outboxKeys'
>

/**
 * Changes an account to the address that its link was mailed to (EML-07). Sessions stay; links in the old
 * mailbox become void (EML-12). An account that never proved the address yields.
 *
 * @throws {Problem} `link_invalid`; `email_taken` while another account has or reserves the address, which
 *   leaves the link as it is.
 */
export async function confirmChange(
  deps: ConfirmDeps,
  key: LinkKey,
  sender: Sender
): Promise<void> {
  await useMailedLink(deps, key, 'email_change', {
    first: async (tx, account, email) => {
      await yieldUnproven(tx, { email, userId: account.id }, sender)
      await applyChange(tx, deps, account, { email, sender })
    },
    again: async () => {}
  })
}
