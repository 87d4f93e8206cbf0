import { readAccount } from '../../accounts/account.js'
import { Problem } from '../../base/errors/problem.js'
import type { Deps } from '../../deps.js'
import { findLink, type Link, type LinkKey } from '../../links/link.js'

/** A link of an address change. `isDone`: it was used, and the account still has the address. */
export type ChangeLink = Link & { readonly isDone: boolean }

/**
 * Reads a link that confirms or undoes a change, without using it. A used link is also returned, so that a
 * form sent twice or a reloaded page shows no error (PAG-05).
 *
 * @throws {Problem} `link_invalid` for any other.
 */
export async function openChangeLink(
  { db }: Pick<Deps, 'db'>,
  key: LinkKey,
  purpose: 'email_change' | 'email_change_undo'
): Promise<ChangeLink> {
  const link = await findLink(db, key, purpose)
  if (link?.status === 'live') return { ...link, isDone: false }
  const account = link?.status === 'redeemed' ? await readAccount(db, link.userId) : null
  if (link === null || account?.email !== link.address) throw new Problem('link_invalid')
  return { ...link, isDone: true }
}
