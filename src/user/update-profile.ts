import { setProfile } from '../accounts/account.js'
import { canonicalAddress, type EmailAddress } from '../base/email-address.js'
import { fieldProblem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { nothingReserved, refund } from '../limits/budgets.js'
import { takeMail } from '../mail/budget.js'
import type { Sender } from '../sender.js'
import type { Principal } from '../sessions/authenticate.js'
import {
  authorizeChange,
  type ChangeDeps,
  commitChange,
  type Evidence
} from '../sign-in/authorize-change.js'
import { requestChange } from './email-change/request.js'

/** Undefined fields do not change. */
export type ProfileUpdate = {
  readonly email?: string | undefined
  readonly firstName?: string | undefined
  readonly lastName?: string | undefined
  /** The language of mails and pages. */
  readonly locale?: string | undefined
}

/** The account, and its new address while that waits for its confirmation. */
export type Profile = Pick<Principal, 'user' | 'pendingEmail' | 'mfaEnabled'>

/**
 * Changes names, language and address of the caller's account in one transaction. A new address requires a fresh
 * authentication.
 *
 * @throws {Problem} `validation_error` or `email_taken` on `email`; as {@link authorizeChange} and
 *   {@link commitChange}.
 */
export async function updateProfile(
  deps: ChangeDeps & Pick<Deps, 'linkCodeKey' | 'warnOfMails'>,
  principal: Principal,
  update: ProfileUpdate,
  evidence: Evidence,
  sender: Sender
): Promise<Profile> {
  const { email: current } = principal.user
  const email =
    update.email === undefined ? (current as EmailAddress) : canonicalAddress(update.email)
  if (email === null) throw fieldProblem('email', { code: 'email' })
  const isNew = email !== current
  const demand = isNew ? 'fresh' : 'session'
  const authorization = await authorizeChange(deps, { principal, sender }, demand, evidence)
  const asksForMail = isNew && deps.config.EMAIL_VERIFICATION !== 'none'
  const taken = asksForMail
    ? await takeMail(deps, { kind: 'address-change', address: email, network: sender.network })
    : null
  const change = commitChange(deps, authorization, async (tx, account) => {
    // What is missing comes from the locked row, so parallel changes of different fields both stay.
    const { firstName = account.firstName, lastName = account.lastName } = update
    const { locale = account.locale } = update
    await setProfile(tx, account.id, { firstName, lastName, locale })
    const { passwordHash: _, ...locked } = account
    const user = { ...principal.user, ...locked, firstName, lastName, locale }
    if (!isNew) return { ...principal, user }
    const pendingEmail = await requestChange(tx, deps, account, {
      email,
      mayMail: taken !== null,
      sender
    })
    return {
      ...principal,
      user: pendingEmail === null ? { ...user, email, emailVerifiedAt: deps.clock() } : user,
      pendingEmail
    }
  })
  return change.catch(async error => {
    await refund(deps.db, taken ?? nothingReserved)
    throw error
  })
}
