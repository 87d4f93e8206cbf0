import { setNames } from '../accounts/account.js'
import { canonicalAddress, type EmailAddress } from '../base/email-address.js'
import { fieldProblem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { mayMail } from '../mail/budget.js'
import { demandFreshProof } from '../passwords/reauthenticate.js'
import type { Sender } from '../sender.js'
import type { Principal } from '../sessions/authenticate.js'
import { requestChange } from './email-change/request.js'

/** Fields that are undefined stay as they are. */
export type ProfileUpdate = {
  readonly email?: string | undefined
  readonly firstName?: string | undefined
  readonly lastName?: string | undefined
  readonly password?: string | undefined
}

export type Profile = {
  readonly email: string
  readonly firstName: string
  readonly lastName: string
  /** The address that is waiting to be confirmed. */
  readonly pendingEmail: string | null
}

/**
 * Changes names and address of the caller's account, all or nothing. Another address asks for a
 * fresh proof of who is there (D11).
 *
 * @throws {Problem} `validation_error` or `email_taken` on `email`, `incorrect_password` on `password`;
 *   `reauthentication_required`.
 */
export async function updateProfile(
  deps: Pick<
    Deps,
    'db' | 'config' | 'clock' | 'hasher' | 'attemptKey' | 'linkCodeKey' | 'outboxKeys'
  >,
  { user, authTime, pendingEmail }: Principal,
  update: ProfileUpdate,
  sender: Sender
): Promise<Profile> {
  const { email: current, firstName, lastName } = user
  const email =
    update.email === undefined ? (current as EmailAddress) : canonicalAddress(update.email)
  if (email === null) throw fieldProblem('email', { code: 'email' })
  const moves = email !== current
  if (moves || update.password !== undefined) {
    await demandFreshProof(deps, { email: current, authTime, password: update.password }, sender)
  }
  // Asked before the transaction: a budget is spent whatever becomes of the change.
  const mails = moves && (await mayMail(deps, { address: email, network: sender.network }))
  // Only what was sent is written: of two devices that change a name each, neither undoes the other.
  const names = {
    ...(update.firstName === undefined ? {} : { firstName: update.firstName }),
    ...(update.lastName === undefined ? {} : { lastName: update.lastName })
  }
  return deps.db.transaction(async tx => {
    await setNames(tx, user.id, names)
    const profile = { email: current, firstName, lastName, pendingEmail, ...names }
    if (!moves) return profile
    const pending = await requestChange(tx, deps, {
      userId: user.id,
      email,
      mayMail: mails,
      sender
    })
    return pending === null
      ? { ...profile, email, pendingEmail: null }
      : { ...profile, pendingEmail: pending }
  })
}
