import { adoptSignUp, markVerified } from '../accounts/credentials.js'
import { withdrawInvitation } from '../accounts/invitation.js'
import { type LockedAccount, lockAccount } from '../accounts/lock.js'
import { byOwner, record } from '../audit/record.js'
import type { Database } from '../base/database/database.js'
import { canonicalAddress } from '../base/email-address.js'
import type { Deps } from '../deps.js'
import { checkMailCode } from '../limits/code-attempt.js'
import {
  eraseSignUps,
  findLink,
  findLinkByCode,
  isContested,
  type Link,
  type LinkKey,
  redeemLink
} from '../links/link.js'
import { dropUnverifiedFactor } from '../mfa/first-verification.js'
import type { Sender } from '../sender.js'
import { endSessionsAfterEpoch } from '../sessions/revoke.js'
import { completeSignIn, type SignIn } from '../sign-in/complete.js'
import { invitationsOn } from './invite.js'
import { checkOwnerPassword, type OwnerPassword } from './owner-password.js'

/** Whether addresses are confirmed here. An invitation confirms one too, so links mailed before still do. */
export const confirmsAddresses = (config: Deps['config']): boolean =>
  config.EMAIL_VERIFICATION !== 'none' || invitationsOn(config)

/**
 * The result of a confirmation. `superseded`: a newer mail of the same sign-up replaced the link. `contested`:
 * several sign-ups with the address are pending, so the owner has to send a password.
 */
export type Confirmation =
  | { readonly outcome: 'confirmed'; readonly signIn: SignIn | null }
  | { readonly outcome: 'contested'; readonly linkId: string }
  | { readonly outcome: 'invalid' | 'superseded' }

type ConfirmDeps = Pick<
  Deps,
  'db' | 'config' | 'clock' | 'hasher' | 'passwordPolicy' | 'attemptKey'
>

/** What follows a link: the password of the mailbox's owner, if one was sent. */
type Visit = { readonly sent: OwnerPassword | null; readonly sender: Sender }

/** Reads a confirmation link without using it, and whether it asks for a password; null for an unknown one. */
export async function openConfirmation(
  { db }: Pick<Deps, 'db'>,
  key: LinkKey
): Promise<(Link & { readonly contested: boolean }) | null> {
  const link = await findLink(db, key, 'email_verification')
  return (
    link && { ...link, contested: link.status === 'live' ? await isContested(db, link) : false }
  )
}

/**
 * Confirms an address by its link. Later visits succeed too and change nothing, because mail scanners
 * follow links before people do. With `JWT_ALLAUTH_SESSION_ON_EMAIL_VERIFICATION` it opens a session.
 *
 * @throws {Problem} as {@link checkOwnerPassword}.
 */
export async function confirmByLink(
  deps: ConfirmDeps,
  key: LinkKey,
  visit: Visit
): Promise<Confirmation> {
  const link = await findLink(deps.db, key, 'email_verification')
  return link === null ? { outcome: 'invalid' } : confirm(deps, link, visit)
}

/**
 * Confirms an address by the short code of the mail.
 *
 * @throws {Problem} `invalid_code`, `throttled`; as {@link checkOwnerPassword}.
 */
export async function confirmByCode(
  deps: ConfirmDeps & Pick<Deps, 'linkCodeKey'>,
  { email, code }: { email: string; code: string },
  visit: Visit
): Promise<Confirmation> {
  const address = canonicalAddress(email) ?? ''
  const link = await checkMailCode(
    deps,
    { kind: 'verification-code', address, network: visit.sender.network },
    () => findLinkByCode(deps, { address, code, purpose: 'email_verification' })
  )
  return confirm(deps, link, visit)
}

async function confirm(
  deps: ConfirmDeps,
  link: Link,
  { sent, sender }: Visit
): Promise<Confirmation> {
  if (link.status === 'redeemed') return { outcome: 'confirmed', signIn: null }
  if (link.status === 'superseded') return { outcome: 'superseded' }
  if (link.status !== 'live') return { outcome: 'invalid' }
  const ownersHash = sent && (await checkOwnerPassword(deps, link, sent, sender))
  return deps.db.transaction(async tx => {
    const account = await lockAccount(tx, link.userId)
    if (account === null || account.email !== link.address) return { outcome: 'invalid' }
    // The lock makes a parallel sign-up wait, or this see its link.
    const contested = await isContested(tx, link)
    if (contested && ownersHash === null) return { outcome: 'contested', linkId: link.id }
    if (!(await redeemLink(tx, link))) {
      // A parallel request has used this link, or another sign-up was confirmed and made it void.
      const now = await findLink(tx, { id: link.id }, link.purpose)
      const isDone = now?.status === 'redeemed' && account.emailVerifiedAt !== null
      return isDone ? { outcome: 'confirmed', signIn: null } : { outcome: 'invalid' }
    }
    const passwordHash = ownersHash ?? link.signUp?.passwordHash ?? account.passwordHash
    const isFirst = account.emailVerifiedAt === null
    const credentialEpoch = isFirst
      ? await verifyFirst(tx, deps, { account, link, passwordHash, contested }, sender)
      : account.credentialEpoch
    const details = { first: isFirst, ...(contested ? { contested } : {}) }
    await record(tx, { event: 'email.verified', ...byOwner(account.id), sender, details })
    if (!isFirst || !opensSession(deps, sender)) return { outcome: 'confirmed', signIn: null }
    const authentication = {
      userId: account.id,
      credentialEpoch,
      amr: ['email'] as const,
      via: 'session.opened' as const
    }
    const signIn = await completeSignIn({ ...deps, db: tx }, authentication, sender)
    return { outcome: 'confirmed', signIn }
  })
}

type FirstVerification = {
  readonly account: LockedAccount
  readonly link: Link
  /** The password of the owner; null only for an account that has none. */
  readonly passwordHash: string | null
  readonly contested: boolean
}

/**
 * Gives an unverified account to the owner of its mailbox, with the names of the sign-up they confirm. What
 * was held under another password ends (EML-10): sessions, second factor, and by the raised epoch the links
 * of other sign-ups. Returns the epoch.
 */
async function verifyFirst(
  tx: Database,
  { clock }: Pick<Deps, 'clock'>,
  { account, link, passwordHash, contested }: FirstVerification,
  sender: Sender
): Promise<number> {
  const { id: userId, credentialEpoch } = account
  const isSamePassword = passwordHash === account.passwordHash
  await eraseSignUps(tx, userId)
  // The account has an owner now, who cannot accept an invitation any more. An operator can set the role.
  await withdrawInvitation(tx, { clock }, userId)
  if (passwordHash === null || (isSamePassword && !contested)) {
    await markVerified(tx, userId, clock())
    return credentialEpoch
  }
  const { firstName, lastName } = link.signUp ?? account
  const signUp = { passwordHash, firstName, lastName }
  const newEpoch = await adoptSignUp(tx, account, signUp, clock())
  await endSessionsAfterEpoch(tx, { userId })
  if (!isSamePassword) await dropUnverifiedFactor(tx, userId, sender)
  return newEpoch
}

/** A link cannot bring a session to an installation whose tokens travel in bodies. */
const opensSession = (
  { config }: Pick<Deps, 'config'>,
  { transport }: Pick<Sender, 'transport'>
): boolean =>
  config.JWT_ALLAUTH_SESSION_ON_EMAIL_VERIFICATION &&
  (config.JWT_ALLAUTH_REFRESH_TOKEN_AS_COOKIE || transport === 'body')
