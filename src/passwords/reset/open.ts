import { canonicalAddress } from '../../base/email-address.js'
import type { Deps } from '../../deps.js'
import { checkMailCode } from '../../limits/code-attempt.js'
import { findLink, findLinkByCode, findLiveLink, type Link } from '../../links/link.js'
import { encodeUserId } from '../../links/link-url.js'
import type { Sender } from '../../sender.js'

/**
 * The live reset link of a URL. Opening it changes nothing, so mail scanners may (D4); what it is
 * good for is a capability that the caller hands to a browser.
 *
 * @returns null alike for another user's id, an unknown, used, superseded or expired token and a
 *   disabled account (ENU-11).
 */
export async function openResetLink(
  { db }: Pick<Deps, 'db'>,
  { uid, token }: { uid: string; token: string }
): Promise<Link | null> {
  const link = await findLink(db, { token }, 'password_reset')
  const isLive = link !== null && link.status === 'live' && encodeUserId(link.userId) === uid
  return isLive ? link : null
}

/**
 * The same by the short code of the mail.
 *
 * @throws {Problem} `invalid_code`, `throttled`.
 */
export async function openResetByCode(
  deps: Pick<Deps, 'db' | 'linkCodeKey' | 'attemptKey'>,
  { email, code }: { email: string; code: string },
  { network }: Pick<Sender, 'network'>
): Promise<Link> {
  const address = canonicalAddress(email) ?? ''
  return checkMailCode(deps, { kind: 'reset-code', address, network }, () =>
    findLinkByCode(deps, { address, code, purpose: 'password_reset' })
  )
}

/** Whether a capability still allows a new password, and for which mailbox. */
export async function readLiveReset(
  { db }: Pick<Deps, 'db'>,
  linkId: string
): Promise<Link | null> {
  return findLiveLink(db, linkId, 'password_reset')
}
