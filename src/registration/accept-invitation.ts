import { readAccount } from '../accounts/account.js'
import { resetPassword } from '../accounts/credentials.js'
import { lockAccount } from '../accounts/lock.js'
import { type Origin, record } from '../audit/record.js'
import { Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { findLink, findLiveLink, type Link, redeemLink } from '../links/link.js'
import { noteFirstProof } from '../mfa/drop-unproven.js'
import { checkNewPassword, hashNewPassword } from '../passwords/new-password.js'
import { openSession, openSetup, type SessionRequest, type SignIn } from '../sign-in/complete.js'

type NewPassword = {
  readonly first: string
  readonly second: string
  readonly signal?: AbortSignal | undefined
  readonly origin: Origin
}

const gone = () => new Problem('capability_invalid', { spent: true })

/**
 * Sets the first password of an invited account, which also proves its mailbox. A refused password
 * leaves the invitation as it was; an account that has a password is not to be had this way (ADM-04).
 *
 * @param request How to open a session; null signs nobody in, and leads at most to a first factor.
 * @throws {Problem} `capability_invalid`; `validation_error` on `new_password1`, `new_password2`.
 */
export async function acceptInvitation(
  deps: Pick<Deps, 'db' | 'config' | 'clock' | 'hasher' | 'passwordPolicy'>,
  linkId: string,
  { first, second, signal, origin }: NewPassword,
  request: SessionRequest | null
): Promise<SignIn | null> {
  const link = await findLiveLink(deps.db, linkId, 'invitation')
  const context = link && (await readAccount(deps.db, link.userId))
  if (link === null || context === null) throw gone()
  await checkNewPassword(deps, { field: 'new_password', first, second, context })
  const passwordHash = await hashNewPassword(deps, first, signal)
  return deps.db.transaction(async tx => {
    const account = await lockAccount(tx, link.userId)
    const isOpen = account?.passwordHash === null && account.email === link.address
    if (account === null || !isOpen || !(await redeemLink(tx, link))) throw gone()
    const now = deps.clock()
    const { id: userId } = account
    const credentialEpoch = await resetPassword(tx, account, { passwordHash, now })
    // Of a sign-up that nobody proved before somebody was asked in (contract A.3.2).
    if (account.emailVerifiedAt === null) await noteFirstProof(tx, userId, origin)
    await tx.prisma.invitation.updateMany({ where: { userId }, data: { acceptedAt: now } })
    await record(tx, { event: 'invitation.accepted', actorId: userId, subjectId: userId, origin })
    const proof = { userId, credentialEpoch, amr: ['pwd'] as const, via: 'session.opened' as const }
    if (request === null) return openSetup({ ...deps, db: tx }, proof, origin)
    const signIn = await openSession({ ...deps, db: tx }, proof, request)
    if (signIn === null) throw gone()
    return signIn
  })
}

/** The invitation of a mailed token, whatever its standing; null for any other token. */
export async function inspectInvitation(
  { db }: Pick<Deps, 'db'>,
  token: string
): Promise<Link | null> {
  return findLink(db, token, 'invitation')
}

/** Whether a capability still allows a first password, and for which mailbox. */
export async function inspectCapability(
  { db }: Pick<Deps, 'db'>,
  linkId: string
): Promise<Link | null> {
  return findLiveLink(db, linkId, 'invitation')
}
