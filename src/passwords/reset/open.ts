import { canonicalAddress } from '../../base/email-address.js'
import type { Deps } from '../../deps.js'
import { checkMailCode } from '../../limits/code-attempt.js'
import { findLink, findLinkByCode, findLiveLink, type Link } from '../../links/link.js'
import { encodeUserId } from '../../links/link-url.js'
import type { Sender } from '../../sender.js'

/**
 * Finds the valid reset link of a URL. It changes nothing, so a mail scanner that opens the URL does
 * not use the link up.
 *
 * @returns null for another user's id, for an unknown, used, superseded or expired token, and for a
 *   disabled account, without a difference (ENU-11).
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
 * Finds the valid reset link by the short code of the mail.
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

/** The reset link of a flow cookie, or null if it is no longer valid. */
export async function readLiveReset(
  { db }: Pick<Deps, 'db'>,
  linkId: string
): Promise<Link | null> {
  return findLiveLink(db, linkId, 'password_reset')
}
