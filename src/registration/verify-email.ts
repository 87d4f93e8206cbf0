import { adoptSignUp, markVerified } from '../accounts/credentials.js'
import { lockAccount } from '../accounts/lock.js'
import { byOwner, record } from '../audit/record.js'
import { canonicalAddress } from '../base/email-address.js'
import type { Deps } from '../deps.js'
import { checkMailCode } from '../limits/code-attempt.js'
import { findLink, findLinkByCode, type Link, type LinkKey, redeemLink } from '../links/link.js'
import { dropUnverifiedFactor } from '../mfa/first-verification.js'
import type { Sender } from '../sender.js'
import { endSessionsAfterEpoch } from '../sessions/revoke.js'
import { completeSignIn, type SignIn } from '../sign-in/complete.js'

/** The result of a confirmation. `superseded`: only the link of a newer mail is valid. */
export type Confirmation =
  | { readonly outcome: 'confirmed'; readonly signIn: SignIn | null }
  | { readonly outcome: 'invalid' | 'superseded' }

type ConfirmDeps = Pick<Deps, 'db' | 'config' | 'clock'>

/** Reads a confirmation link without using it; null for an unknown one. */
export const openConfirmation = ({ db }: Pick<Deps, 'db'>, key: LinkKey): Promise<Link | null> =>
  findLink(db, key, 'email_verification')

/**
 * Confirms an address by its link. Later visits succeed too and change nothing, because mail scanners
 * follow links before people do. With `JWT_ALLAUTH_SESSION_ON_EMAIL_VERIFICATION` it opens a session.
 */
export async function confirmByLink(
  deps: ConfirmDeps,
  key: LinkKey,
  sender: Sender
): Promise<Confirmation> {
  const link = await openConfirmation(deps, key)
  return link === null ? { outcome: 'invalid' } : confirm(deps, link, sender)
}

/**
 * Confirms an address by the short code of the mail.
 *
 * @throws {Problem} `invalid_code`, `throttled`.
 */
export async function confirmByCode(
  deps: ConfirmDeps & Pick<Deps, 'linkCodeKey' | 'attemptKey'>,
  { email, code }: { email: string; code: string },
  sender: Sender
): Promise<Confirmation> {
  const address = canonicalAddress(email) ?? ''
  const link = await checkMailCode(
    deps,
    { kind: 'verification-code', address, network: sender.network },
    () => findLinkByCode(deps, { address, code, purpose: 'email_verification' })
  )
  return confirm(deps, link, sender)
}

async function confirm(deps: ConfirmDeps, link: Link, sender: Sender): Promise<Confirmation> {
  if (link.status === 'redeemed') return { outcome: 'confirmed', signIn: null }
  if (link.status === 'superseded') return { outcome: 'superseded' }
  if (link.status !== 'live') return { outcome: 'invalid' }
  return deps.db.transaction(async tx => {
    const account = await lockAccount(tx, link.userId)
    if (account === null || account.email !== link.address) return { outcome: 'invalid' }
    if (!(await redeemLink(tx, link))) {
      // A parallel request has just used the link, or it became void.
      const isDone = account.emailVerifiedAt !== null
      return isDone ? { outcome: 'confirmed', signIn: null } : { outcome: 'invalid' }
    }
    const isFirstVerification = account.emailVerifiedAt === null
    const { signUp, userId } = link
    const isOwnSignUp = signUp === null || signUp.passwordHash === account.passwordHash
    let { credentialEpoch } = account
    if (isFirstVerification && !isOwnSignUp) {
      // The link is from a later sign-up, so the earlier password and its sessions are unverified (EML-10).
      credentialEpoch = await adoptSignUp(tx, account, signUp, deps.clock())
      await endSessionsAfterEpoch(tx, { userId })
      await dropUnverifiedFactor(tx, userId, sender)
    } else {
      await markVerified(tx, userId, deps.clock())
    }
    const details = { first: isFirstVerification }
    await record(tx, {
      event: 'email.verified',
      ...byOwner(userId),
      sender,
      details
    })
    const opensSession =
      isFirstVerification && deps.config.JWT_ALLAUTH_SESSION_ON_EMAIL_VERIFICATION
    const authentication = {
      userId,
      credentialEpoch,
      amr: ['email'] as const,
      via: 'session.opened' as const
    }
    const signIn = opensSession
      ? await completeSignIn({ ...deps, db: tx }, authentication, sender)
      : null
    return { outcome: 'confirmed', signIn }
  })
}
