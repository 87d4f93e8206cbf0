import { readAccount } from '../../accounts/account.js'
import { resetPassword } from '../../accounts/credentials.js'
import { lockAccount } from '../../accounts/lock.js'
import { type Origin, record } from '../../audit/record.js'
import { Problem } from '../../base/errors/problem.js'
import type { Deps } from '../../deps.js'
import { findLiveLink, redeemLink } from '../../links/link.js'
import { enqueue } from '../../mail/enqueue.js'
import { noteFirstProof } from '../../mfa/drop-unproven.js'
import { endSessionsAfterEpoch } from '../../sessions/revoke.js'
import { openSession, openSetup, type SessionRequest, type SignIn } from '../../sign-in/complete.js'
import { checkNewPassword, hashNewPassword } from '../new-password.js'

type NewPassword = {
  readonly first: string
  readonly second: string
  readonly signal?: AbortSignal | undefined
  readonly origin: Origin
}

const gone = () => new Problem('capability_invalid', { spent: true })

/**
 * Sets a new password against a reset link that was opened. The link is used up by success alone: a
 * refused password leaves it as it was (PWD-12), and of parallel attempts one succeeds (LNK-02).
 * For an account that nobody had proven this is the first proof of its mailbox, and what was held
 * before ends (contract A.3.2).
 *
 * @param request How to open a session; null signs nobody in, and leads at most to a first factor.
 * @throws {Problem} `capability_invalid`; `validation_error` on `new_password1`, `new_password2`.
 */
export async function setNewPassword(
  deps: Pick<Deps, 'db' | 'config' | 'clock' | 'hasher' | 'passwordPolicy' | 'outboxKeys'>,
  linkId: string,
  { first, second, signal, origin }: NewPassword,
  request: SessionRequest | null
): Promise<SignIn | null> {
  const link = await findLiveLink(deps.db, linkId, 'password_reset')
  const context = link && (await readAccount(deps.db, link.userId))
  if (link === null || context === null) throw gone()
  await checkNewPassword(deps, { field: 'new_password', first, second, context })
  const passwordHash = await hashNewPassword(deps, first, signal)
  return deps.db.transaction(async tx => {
    const account = await lockAccount(tx, link.userId)
    if (account === null || !(await redeemLink(tx, link))) throw gone()
    const { id: userId, email: recipient, locale } = account
    const isFirstProof = account.emailVerifiedAt === null
    const credentialEpoch = await resetPassword(tx, account, { passwordHash, now: deps.clock() })
    if (isFirstProof) await noteFirstProof(tx, userId, origin)
    if (isFirstProof || deps.config.LOGOUT_ON_PASSWORD_CHANGE)
      await endSessionsAfterEpoch(tx, { userId })
    await record(tx, { event: 'password.reset', actorId: userId, subjectId: userId, origin })
    await enqueue(tx, deps, {
      template: 'password-changed',
      userId,
      recipient,
      locale: locale ?? deps.config.DEFAULT_LOCALE
    })
    const proof = {
      userId,
      credentialEpoch,
      amr: ['pwd'] as const,
      via: 'session.opened' as const
    }
    if (request === null) return openSetup({ ...deps, db: tx }, proof, origin)
    const signIn = await openSession({ ...deps, db: tx }, proof, request)
    if (signIn === null) throw gone()
    return signIn
  })
}
