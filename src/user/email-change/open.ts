import { readAccount } from '../../accounts/account.js'
import type { Deps } from '../../deps.js'
import { findLink } from '../../links/link.js'

/** What a link of an address change is about. `isDone`: it was followed, and the address still stands. */
export type ChangeLink = { readonly address: string; readonly isDone: boolean }

/**
 * What the link that confirms a change, or the one that undoes it, is good for right now, without
 * using it; null when it is not good any more. One that has done its work stays good to look at, so
 * that a form that is sent twice, or a page that is loaded again, tells no failure (PAG-05).
 */
export async function openChangeLink(
  { db }: Pick<Deps, 'db'>,
  token: string | null,
  purpose: 'email_change' | 'email_change_undo'
): Promise<ChangeLink | null> {
  const link = token === null ? null : await findLink(db, token, purpose)
  if (link === null) return null
  const { address, status } = link
  if (status === 'live') return { address, isDone: false }
  if (status !== 'redeemed') return null
  const account = await readAccount(db, link.userId)
  return account?.email === address ? { address, isDone: true } : null
}
