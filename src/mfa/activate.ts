import { raiseCredentialEpoch } from '../accounts/account.js'
import type { LockedAccount } from '../accounts/lock.js'
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
import { dropChallenges, setupNotValid } from './challenges.js'
import { notifyEnabled } from './notify.js'
import { type Pending, readPending, takePending } from './pending.js'
import { issueRecoveryCodes } from './recovery-codes.js'
import { openSecret } from './secret.js'
import type { SetupOwner } from './setup-owner.js'
import { findStep } from './totp.js'

type ActivateDeps = Pick<Deps, 'db' | 'config' | 'clock' | 'log' | 'totpKeys' | 'outboxKeys'>

export type Activated = {
  /** Shown now and never again. */
  readonly recoveryCodes: readonly string[]
  /** Null for somebody signed in, and where the address has to be confirmed first. */
  readonly signIn: SignIn | null
}

/**
 * Makes the secret that was shown the account's second factor, once a code proves that an app has it.
 * One transaction: authenticator, recovery codes, the raised epoch and the end of every session that
 * passed no factor are there together or not at all (MFA-11, MFA-14, MFA-15). The caller's own session
 * goes on and has passed one now; a setup challenge becomes a session.
 *
 * @throws {Problem} `totp_already_active`; `setup_not_started`; `invalid_code` on `code`, after which
 *   the secret still waits; `unavailable`; as the owner's `commit`, also where another activation was
 *   first, because that raised the epoch.
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
  /** Of the code that proved it, which is thereby used up (MFA-03). */
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
  await createAuthenticator(tx, { userId, sealedSecret, keyId, lastStep: step }, now)
  const recoveryCodes = await issueRecoveryCodes(tx, { userId, now })
  const credentialEpoch = await raiseCredentialEpoch(tx, userId)
  await carryVerification(tx, { userId, credentialEpoch })
  await dropChallenges(tx, userId)
  const sessionId = shownTo.sessionId ?? null
  await endSessionsWithoutFactor(tx, { userId, keep: sessionId })
  await record(tx, { event: 'mfa.enabled', ...byOwner(userId), sessionId, sender })
  await notifyEnabled(tx, deps, account)
  if (sessionId !== null) {
    await addAuthenticationMethod(tx, { userId, sessionId })
    return { recoveryCodes, signIn: null }
  }
  const isUnproven =
    deps.config.EMAIL_VERIFICATION === 'mandatory' && account.emailVerifiedAt === null
  if (proven === null || isUnproven) return { recoveryCodes, signIn: null }
  const proof = {
    userId,
    credentialEpoch,
    amr: [...proven, 'otp' as const],
    via: 'session.opened' as const
  }
  const signIn = await completeSignIn({ ...deps, db: tx }, proof, sender)
  if (signIn === null) throw setupNotValid()
  return { recoveryCodes, signIn }
}
