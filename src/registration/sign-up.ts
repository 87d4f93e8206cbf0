import { createAccount } from '../accounts/account.js'
import { releaseLapsedInvitation } from '../accounts/invited.js'
import { byOwner, record } from '../audit/record.js'
import { newId } from '../base/crypto/random.js'
import type { Database } from '../base/database/database.js'
import { canonicalAddress, type EmailAddress } from '../base/email-address.js'
import { fieldProblem, Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { nothingReserved, type Reservation, refund } from '../limits/budgets.js'
import { createLink } from '../links/link.js'
import { untilReplaced } from '../links/sql.js'
import { takeMail } from '../mail/budget.js'
import { enqueue } from '../mail/enqueue.js'
import { checkNewPassword } from '../passwords/new-password.js'
import type { Sender } from '../sender.js'
import { completeSignIn, requireSetupWithDecoy, type SignIn } from '../sign-in/complete.js'
import { signUpUnverified } from './sign-up-unverified.js'

export type SignUp = {
  readonly email: string
  readonly password1: string
  readonly password2: string
  readonly firstName: string
  readonly lastName: string
}

export type SignedUp = {
  readonly email: EmailAddress
  /** Null when the address must be verified first and no second factor is required. */
  readonly signIn: SignIn | null
}

type SignUpDeps = Pick<
  Deps,
  | 'db'
  | 'config'
  | 'clock'
  | 'hasher'
  | 'passwordPolicy'
  | 'attemptKey'
  | 'warnOfMails'
  | 'linkCodeKey'
  | 'outboxKeys'
>

/**
 * Signs a person up. With mandatory verification answer, time and cookies do not reveal whether the address
 * has an account (ENU-04, ENU-05). Without it they must, because a sign-up opens a session at once.
 *
 * @throws {Problem} `validation_error`; `email_taken`, when that is not hidden.
 */
export async function signUp(deps: SignUpDeps, signUp: SignUp, sender: Sender): Promise<SignedUp> {
  const { email: typed, password1, password2, firstName, lastName } = signUp
  const email = canonicalAddress(typed)
  if (email === null) throw fieldProblem('email', { code: 'email' })
  const context = { email, firstName, lastName }
  await checkNewPassword(deps, { field: 'password', first: password1, second: password2, context })
  const passwordHash = await deps.hasher.hash(password1, sender.signal)
  const account = { email, passwordHash, firstName, lastName }
  if (deps.config.EMAIL_VERIFICATION !== 'mandatory') {
    return { email, signIn: await signUpAndSignIn(deps, account, sender) }
  }
  return { email, signIn: await signUpHidden(deps, account, sender) }
}

type NewAccount = Pick<SignUp, 'firstName' | 'lastName'> & {
  readonly email: EmailAddress
  readonly passwordHash: string
}

/**
 * Signs up when the address must be verified first. With a required second factor every sign-up gets a setup
 * challenge in the same transaction, so that the time does not reveal whether the challenge is a decoy.
 */
async function signUpHidden(
  deps: SignUpDeps,
  account: NewAccount,
  sender: Sender
): Promise<SignIn | null> {
  const taken = await takeSignUpMail(deps, account, sender)
  if (deps.config.JWT_ALLAUTH_MFA_TOTP_MODE !== 'required') {
    if (taken !== null) await untilReplaced(() => signUpUnverified(deps, account, taken, sender))
    return null
  }
  const signUpWithChallenge = async (tx: Database) => {
    const depsInTx = { ...deps, db: tx }
    const userId =
      taken === null ? newId() : await signUpUnverified(depsInTx, account, taken, sender)
    const authentication = {
      userId,
      credentialEpoch: 0,
      amr: ['pwd'] as const,
      via: 'session.opened' as const
    }
    return requireSetupWithDecoy(depsInTx, authentication, sender)
  }
  return withRefund(deps, taken, () =>
    untilReplaced(() => deps.db.transaction(signUpWithChallenge))
  )
}

/** Creates account, first session and, with optional verification, the mail in one transaction. */
async function signUpAndSignIn(
  deps: SignUpDeps,
  account: NewAccount,
  sender: Sender
): Promise<SignIn> {
  const { config, clock } = deps
  const taken =
    config.EMAIL_VERIFICATION === 'optional' ? await takeSignUpMail(deps, account, sender) : null
  const create = async (tx: Database) => {
    const now = clock()
    const emailVerifiedAt = config.EMAIL_VERIFICATION === 'none' ? now : null
    const created = { ...account, emailVerifiedAt, locale: sender.locale, createdAt: now }
    await releaseLapsedInvitation(tx, account.email)
    const { userId, credentialEpoch } = await createAccount(tx, created)
    await record(tx, { event: 'account.created', ...byOwner(userId), sender })
    if (taken !== null) {
      const { email: address, firstName, lastName, passwordHash } = account
      const link = await createLink(tx, deps, {
        userId,
        purpose: 'email_verification',
        address,
        credentialEpoch,
        lifetimeSeconds: config.ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS,
        withCode: true,
        signUp: { passwordHash, firstName, lastName }
      })
      await enqueue(tx, deps, {
        template: 'email-verification',
        to: { id: userId, email: address, locale: sender.locale },
        link
      })
    }
    const signIn = await completeSignIn(
      { ...deps, db: tx },
      { userId, credentialEpoch, amr: ['pwd'], via: 'session.opened' },
      sender
    )
    if (signIn === null) throw new Problem('internal_error')
    return signIn
  }
  return withRefund(deps, taken, () => deps.db.transaction(create))
}

/** Gives a mail back when the transaction that would queue it fails: the address has an account, for instance. */
async function withRefund<T>(
  { db }: Pick<Deps, 'db'>,
  taken: Reservation | null,
  transaction: () => Promise<T>
): Promise<T> {
  try {
    return await transaction()
  } catch (error) {
    await refund(db, taken ?? nothingReserved)
    throw error
  }
}

const takeSignUpMail = (deps: SignUpDeps, { email }: NewAccount, { network }: Sender) =>
  takeMail(deps, { kind: 'sign-up', address: email, network })
