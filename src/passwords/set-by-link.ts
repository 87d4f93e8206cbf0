import { readAccount } from '../accounts/account.js'
import { resetPassword } from '../accounts/credentials.js'
import { type LockedAccount, lockAccount } from '../accounts/lock.js'
import type { Database } from '../base/database/database.js'
import { Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { findLiveLink, type Link, redeemLink } from '../links/link.js'
import { recordFirstVerification } from '../mfa/first-verification.js'
import type { Sender } from '../sender.js'
import { endLegacySessions } from '../sessions/legacy.js'
import { endSessionsAfterEpoch } from '../sessions/revoke.js'
import { completeSignIn, requireSetup, type SignIn } from '../sign-in/complete.js'
import { checkNewPassword } from './new-password.js'

/** A password typed twice. `signsIn`: whether the person is then signed in. */
export type ChosenPassword = {
  readonly first: string
  readonly second: string
  readonly signsIn: boolean
}

type SetDeps = Pick<Deps, 'db' | 'config' | 'clock' | 'hasher' | 'passwordPolicy'>

type LinkUse = {
  readonly linkId: string
  readonly purpose: 'password_reset' | 'invitation'
  /** Whether the link can still be used for this account. */
  readonly accepts: (account: LockedAccount, link: Link) => boolean
  /** The account that gets the password, if it is not the one that the link was mailed to. */
  readonly replace?: (tx: Database, account: LockedAccount) => Promise<LockedAccount>
  /** Additional writes in the same transaction, under the account's lock. */
  readonly finish: (tx: Database, account: LockedAccount) => Promise<void>
}

const flowNotValid = () => new Problem('capability_invalid', { final: true })

/**
 * Sets a password with a mailed link. A refused password leaves the link valid (PWD-12), and of
 * parallel attempts one succeeds (LNK-02). For an unverified account this is the first verification:
 * its sessions and its second factor end, because another person may have signed up with the address.
 *
 * @returns null if no session was created and no second factor has to be set up.
 * @throws {Problem} `capability_invalid`; `validation_error` on `new_password1`, `new_password2`;
 *   `busy`.
 */
export async function setPasswordByLink(
  deps: SetDeps,
  { linkId, purpose, accepts, replace = async (_, account) => account, finish }: LinkUse,
  { first, second, signsIn }: ChosenPassword,
  sender: Sender
): Promise<SignIn | null> {
  const link = await findLiveLink(deps.db, linkId, purpose)
  const context = link && (await readAccount(deps.db, link.userId))
  if (link === null || context === null) throw flowNotValid()
  await checkNewPassword(deps, { field: 'new_password', first, second, context })
  const passwordHash = await deps.hasher.hash(first, sender.signal)
  return deps.db.transaction(async tx => {
    const linked = await lockAccount(tx, link.userId)
    if (linked === null || !accepts(linked, link) || !(await redeemLink(tx, link)))
      throw flowNotValid()
    const account = await replace(tx, linked)
    const { id: userId } = account
    const isFirst = account.emailVerifiedAt === null
    const credentialEpoch = await resetPassword(tx, account, { passwordHash, now: deps.clock() })
    if (isFirst) await recordFirstVerification(tx, userId, sender)
    if (isFirst || deps.config.LOGOUT_ON_PASSWORD_CHANGE)
      await endSessionsAfterEpoch(tx, { userId })
    else await endLegacySessions(tx, userId)
    await finish(tx, account)
    const authentication = {
      userId,
      credentialEpoch,
      amr: ['pwd'] as const,
      via: 'session.opened' as const
    }
    if (!signsIn) return requireSetup({ ...deps, db: tx }, authentication, sender)
    const signIn = await completeSignIn({ ...deps, db: tx }, authentication, sender)
    if (signIn === null) throw flowNotValid()
    return signIn
  })
}
