import { createAccount } from '../accounts/account.js'
import { releaseLapsedInvitation } from '../accounts/invited.js'
import { byOwner, record } from '../audit/record.js'
import { newId } from '../base/crypto/random.js'
import type { Database } from '../base/database/database.js'
import { canonicalAddress, type EmailAddress } from '../base/email-address.js'
import { fieldProblem, Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { createLink } from '../links/link.js'
import { untilReplaced } from '../links/sql.js'
import { mayMail } from '../mail/budget.js'
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
  /** Null where the address has to be confirmed first, and no factor has to be set up. */
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
  | 'linkCodeKey'
  | 'outboxKeys'
>

/**
 * Signs somebody up. With mandatory verification nothing in the answer, its time or its cookies tells
 * whether the address was free (ENU-04, ENU-05); otherwise a taken one is refused (D9).
 *
 * @throws {Problem} `validation_error`; `email_taken`, where that is not hidden.
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
    return { email, signIn: await signUpAndIn(deps, account, sender) }
  }
  return { email, signIn: await signUpHidden(deps, account, sender) }
}

type NewAccount = Pick<SignUp, 'firstName' | 'lastName'> & {
  readonly email: EmailAddress
  readonly passwordHash: string
}

/**
 * Signs up where the address has to be confirmed first. A required factor may be set up meanwhile:
 * everybody gets a challenge for that, in the transaction of the sign-up, so that there is one wait
 * for the disk whether the challenge is anybody's or not (contract A.3.21).
 */
async function signUpHidden(
  deps: SignUpDeps,
  account: NewAccount,
  sender: Sender
): Promise<SignIn | null> {
  const mails = await mayMail(deps, { address: account.email, network: sender.network })
  if (deps.config.JWT_ALLAUTH_MFA_TOTP_MODE !== 'required') {
    if (mails) await untilReplaced(() => signUpUnverified(deps, account, sender))
    return null
  }
  const open = async (tx: Database) => {
    const inside = { ...deps, db: tx }
    const userId = mails ? await signUpUnverified(inside, account, sender) : newId()
    const proof = {
      userId,
      credentialEpoch: 0,
      amr: ['pwd'] as const,
      via: 'session.opened' as const
    }
    return requireSetupWithDecoy(inside, proof, sender)
  }
  return untilReplaced(() => deps.db.transaction(open))
}

/** Account, first session and, with optional verification, the mail: all or none. */
async function signUpAndIn(deps: SignUpDeps, account: NewAccount, sender: Sender): Promise<SignIn> {
  const { config, clock } = deps
  const asksToVerify =
    config.EMAIL_VERIFICATION === 'optional' &&
    (await mayMail(deps, { address: account.email, network: sender.network }))
  return deps.db.transaction(async tx => {
    const now = clock()
    const emailVerifiedAt = config.EMAIL_VERIFICATION === 'none' ? now : null
    const created = { ...account, emailVerifiedAt, locale: sender.locale, createdAt: now }
    await releaseLapsedInvitation(tx, account.email)
    const { userId, credentialEpoch } = await createAccount(tx, created)
    await record(tx, { event: 'account.created', ...byOwner(userId), sender })
    if (asksToVerify) {
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
  })
}
