import { readAccount } from '../accounts/account.js'
import { type LockedAccount, lockAccount } from '../accounts/lock.js'
import type { Database } from '../base/database/database.js'
import type { EmailAddress } from '../base/email-address.js'
import { Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { findLink, type Link, type LinkKey, redeemLink } from '../links/link.js'

type Purpose = 'email_change' | 'email_change_undo' | 'account_deletion_undo'

/** A link with a button. `isDone`: it was used, and the account is active and has the address. */
export type MailedLink = Link & { readonly isDone: boolean }

const linkInvalid = () => new Problem('link_invalid')

const isDone = (link: Link, account: { readonly email: string } | null): boolean =>
  link.status === 'redeemed' && account?.email === link.address

/**
 * Reads a link that confirms or undoes something, without using it. A used link is also returned, so that a
 * form sent twice or a reloaded page shows no error (PAG-05).
 *
 * @throws {Problem} `link_invalid` for any other.
 */
export async function openMailedLink(
  { db }: Pick<Deps, 'db'>,
  key: LinkKey,
  purpose: Purpose
): Promise<MailedLink> {
  const link = await findLink(db, key, purpose)
  if (link?.status === 'live') return { ...link, isDone: false }
  const account = link?.status === 'redeemed' ? await readAccount(db, link.userId) : null
  if (link === null || !isDone(link, account)) throw linkInvalid()
  return { ...link, isDone: true }
}

/** What a link does, in the transaction that has locked its account. */
type Use<T> = {
  readonly first: (tx: Database, account: LockedAccount, address: EmailAddress) => Promise<T>
  /** The result of the first use, for a second click; null when there is none any more. */
  readonly again: (tx: Database, account: LockedAccount) => Promise<T | null>
}

/**
 * Uses a link with a button up. Of parallel clicks one does the work, and the others get its result
 * (PAG-05). An error rolls everything back, so the link can be used again.
 *
 * @throws {Problem} `link_invalid`.
 */
export async function useMailedLink<T>(
  { db }: Pick<Deps, 'db'>,
  key: LinkKey,
  purpose: Purpose,
  { first, again }: Use<T>
): Promise<T> {
  const found = await findLink(db, key, purpose)
  if (found === null) throw linkInvalid()
  return db.transaction(async tx => {
    const account = await lockAccount(tx, found.userId)
    // A parallel click may have used the link while this one waited for the lock.
    const link = await findLink(tx, { id: found.id }, purpose)
    if (account === null || link === null) throw linkInvalid()
    if (await redeemLink(tx, link)) return first(tx, account, link.address as EmailAddress)
    const result = isDone(link, account) ? await again(tx, account) : null
    if (result === null) throw linkInvalid()
    return result
  })
}
