import { raiseCredentialEpoch } from '../accounts/account.js'
import type { LockedAccount } from '../accounts/lock.js'
import { openUndoRight } from '../accounts/undo-right.js'
import { byOwner, record } from '../audit/record.js'
import type { Database } from '../base/database/database.js'
import { Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { carryVerification } from '../links/link.js'
import type { Sender } from '../sender.js'
import { endSessionsWithoutFactor } from '../sessions/revoke.js'
import { addAuthenticationMethod } from '../sessions/step-up.js'
import { completeSignIn, type SignIn } from '../sign-in/complete.js'
import { createAuthenticator, readAuthenticator } from './authenticators.js'
import { dropChallenges } from './challenges.js'
import { notifyEnabled } from './notify.js'
import { type Pending, readPending, takePending } from './pending.js'
import { issueRecoveryCodes } from './recovery-codes.js'
import { openSecret } from './secret.js'
import type { SetupOwner } from './setup-owner.js'
import { findStep } from './totp.js'

type ActivateDeps = Pick<
  Deps,
  'db' | 'config' | 'clock' | 'log' | 'attemptKey' | 'totpKeys' | 'outboxKeys' | 'linkCodeKey'
>

export type Activated = {
  /** Shown only once. */
  readonly recoveryCodes: readonly string[]
  /** Null for a person who is signed in, and when the address must be verified first. */
  readonly signIn: SignIn | null
}

/**
 * Activates the pending secret as the second factor of the account, after a right code of the app. One
 * transaction creates authenticator and recovery codes, raises the epoch and ends every session without
 * a second factor (MFA-11, MFA-14, MFA-15). The caller's session stays and gets the factor; a setup
 * challenge becomes a session. The owner can undo it with the link of the mail.
 *
 * @throws {Problem} `totp_already_active`; `setup_not_started`; `invalid_code` on `code`, which leaves the
 *   secret pending; `unavailable`; as the owner's `commit`, also when a parallel activation was first,
 *   because that raised the epoch.
 */
export async function activate(
  deps: ActivateDeps,
  owner: SetupOwner,
  code: string,
  sender: Sender
): Promise<Activated> {
  const { userId } = owner
  if ((await readAuthenticator(deps.db, userId)) !== null) throw new Problem('totp_already_active')
  const pending = await readPending(deps.db, owner.shownTo)
  if (pending === null) throw new Problem('setup_not_started')
  const secret = openSecret(deps, pending, userId)
  const step = findStep({ secret, code, now: deps.clock(), lastStep: 0 })
  if (step === null)
    throw new Problem('invalid_code', { fields: { code: [{ code: 'invalid_code' }] } })
  return owner.commit(async (tx, account) => {
    if (!(await takePending(tx, pending))) throw new Problem('setup_not_started')
    return enable(tx, deps, { owner, account, pending, step }, sender)
  })
}

type Enabling = {
  readonly owner: SetupOwner
  readonly account: LockedAccount
  readonly pending: Pending
  /** The time step of the code, which is used up (MFA-03). */
  readonly step: number
}

async function enable(
  tx: Database,
  deps: ActivateDeps,
  { owner, account, pending, step }: Enabling,
  sender: Sender
): Promise<Activated> {
  const { userId, shownTo, proven } = owner
  const now = deps.clock()
  const { sealedSecret, keyId } = pending
  // Before there is an authenticator, so that an undo removes it.
  const link = await openUndoRight(tx, deps, account)
  await createAuthenticator(tx, { userId, sealedSecret, keyId, lastStep: step }, now)
  const recoveryCodes = await issueRecoveryCodes(tx, { userId, now })
  const credentialEpoch = await raiseCredentialEpoch(tx, userId)
  await carryVerification(tx, { userId, credentialEpoch })
  await dropChallenges(tx, userId)
  const sessionId = shownTo.sessionId ?? null
  await endSessionsWithoutFactor(tx, { userId, exceptSessionId: sessionId })
  await record(tx, { event: 'mfa.enabled', ...byOwner(userId), sessionId, sender })
  await notifyEnabled(tx, deps, account, { sender, link })
  if (sessionId !== null) {
    await addAuthenticationMethod(tx, { userId, sessionId })
    return { recoveryCodes, signIn: null }
  }
  if (proven === null) return { recoveryCodes, signIn: null }
  const authentication = {
    userId,
    credentialEpoch,
    amr: [...proven, 'otp' as const],
    via: 'session.opened' as const
  }
  // Under this lock only an address that is still to be verified refuses the session.
  const signIn = await completeSignIn({ ...deps, db: tx }, authentication, sender)
  return { recoveryCodes, signIn }
}
