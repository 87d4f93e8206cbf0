import { keepAccount } from '../../accounts/deletion.js'
import { record } from '../../audit/record.js'
import { Problem } from '../../base/errors/problem.js'
import type { Deps } from '../../deps.js'
import type { LinkKey } from '../../links/link.js'
import type { Sender } from '../../sender.js'
import { useMailedLink } from '../mailed-link.js'

/**
 * Keeps an account that waits for its deletion: it can sign in again, with the password it has. Sessions that
 * ended do not come back. A second click gets the same answer (PAG-05).
 *
 * @throws {Problem} `link_invalid`, also when an operator has enabled or disabled the account meanwhile.
 */
export async function undoDeletion(
  deps: Pick<Deps, 'db'>,
  key: LinkKey,
  sender: Sender
): Promise<void> {
  await useMailedLink<true>(deps, key, 'account_deletion_undo', {
    first: async (tx, { id: userId }) => {
      if (!(await keepAccount(tx, userId))) throw new Problem('link_invalid')
      const subject = { actorId: null, subjectId: userId, sender }
      await record(tx, { event: 'account.deletion_undone', ...subject })
      return true
    },
    again: async () => true
  })
}
