import { replacePassword } from '../accounts/account.js'
import { byOwner, record } from '../audit/record.js'
import { fieldProblem, Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { refund } from '../limits/budgets.js'
import { enqueue } from '../mail/enqueue.js'
import type { Sender } from '../sender.js'
import type { Principal } from '../sessions/authenticate.js'
import { endSessionsAfterEpoch } from '../sessions/revoke.js'
import { completeSignIn, type SignIn } from '../sign-in/complete.js'
import { checkPassword, incorrectPassword } from './check.js'
import { checkNewPassword } from './new-password.js'

type Change = {
  readonly oldPassword: string | null
  readonly newPassword1: string
  readonly newPassword2: string
}
type ChangeDeps = Pick<
  Deps,
  'db' | 'config' | 'clock' | 'hasher' | 'passwordPolicy' | 'attemptKey' | 'outboxKeys'
>

/**
 * Replaces the caller's password. With `LOGOUT_ON_PASSWORD_CHANGE` every session ends in the same
 * transaction that opens the caller's new one.
 *
 * @returns the replacement session, or null when the sessions stay as they are.
 * @throws {Problem} `incorrect_password` on `old_password`; `validation_error` on `new_password1`,
 *   `new_password2`; `throttled` by the budgets of sign-in (PWD-08); `token_not_valid` when the credentials changed
 *   meanwhile.
 */
export async function changePassword(
  deps: ChangeDeps,
  principal: Principal,
  change: Change,
  sender: Sender
): Promise<SignIn | null> {
  const { user, amr } = principal
  const { newPassword1: first, newPassword2: second } = change
  if (change.oldPassword !== null)
    await confirmOldPassword(deps, principal, change.oldPassword, sender)
  await checkNewPassword(deps, { field: 'new_password', first, second, context: user })
  if (change.oldPassword?.normalize('NFC') === first.normalize('NFC')) {
    throw fieldProblem('new_password1', { code: 'password_unchanged' })
  }
  const passwordHash = await deps.hasher.hash(first, sender.signal)
  return deps.db.transaction(async tx => {
    const { id: userId, credentialEpoch } = user
    const raised = await replacePassword(tx, userId, { passwordHash, credentialEpoch })
    if (raised === null) throw new Problem('token_not_valid')
    await record(tx, {
      event: 'password.changed',
      ...byOwner(userId),
      sessionId: principal.sessionId,
      sender
    })
    await enqueue(tx, deps, { template: 'password-changed', to: user })
    if (!deps.config.LOGOUT_ON_PASSWORD_CHANGE) return null
    await endSessionsAfterEpoch(tx, { userId })
    const authTime = change.oldPassword === null ? { authTime: principal.authTime } : {}
    const proof = {
      userId,
      credentialEpoch: raised,
      amr,
      via: 'session.opened' as const,
      ...authTime
    }
    const signIn = await completeSignIn({ ...deps, db: tx }, proof, sender)
    if (signIn === null) throw new Problem('token_not_valid')
    return signIn
  })
}

async function confirmOldPassword(
  deps: ChangeDeps,
  { user }: Principal,
  password: string,
  sender: Sender
) {
  const { matches, reservation } = await checkPassword(
    deps,
    { address: user.email, password },
    sender
  )
  if (!matches) throw incorrectPassword('old_password')
  await refund(deps.db, reservation)
}
