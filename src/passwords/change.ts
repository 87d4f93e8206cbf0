import { replacePassword } from '../accounts/account.js'
import { byOwner, record } from '../audit/record.js'
import { fieldProblem, Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { notify } from '../mail/notify-owner.js'
import type { Sender } from '../sender.js'
import type { Principal } from '../sessions/authenticate.js'
import { endLegacySessions } from '../sessions/legacy.js'
import { endSessionsAfterEpoch } from '../sessions/revoke.js'
import { authorizeChange, type ChangeDeps, commitChange } from '../sign-in/authorize-change.js'
import { completeSignIn, type SignIn } from '../sign-in/complete.js'
import { checkNewPassword } from './new-password.js'

type Change = {
  readonly oldPassword: string | null
  readonly newPassword1: string
  readonly newPassword2: string
}

/**
 * Replaces the password of the signed-in account. With `LOGOUT_ON_PASSWORD_CHANGE` the same transaction
 * ends every session and creates a new one.
 *
 * @returns the new session, or null if the sessions stay unchanged.
 * @throws {Problem} `incorrect_password` on `old_password`; `validation_error` on `new_password1`,
 *   `new_password2`; `throttled` (the budgets of sign-in, PWD-08); as {@link authorizeChange} and
 *   {@link commitChange}.
 */
export async function changePassword(
  deps: ChangeDeps & Pick<Deps, 'passwordPolicy'>,
  principal: Principal,
  change: Change,
  sender: Sender
): Promise<SignIn | null> {
  const { user, sessionId, amr } = principal
  const { oldPassword, newPassword1: first, newPassword2: second } = change
  const required = deps.config.OLD_PASSWORD_FIELD_ENABLED ? 'password' : 'session'
  const authorization = await authorizeChange(deps, { principal, sender }, required, {
    password: oldPassword ?? undefined,
    passwordField: 'old_password'
  })
  await checkNewPassword(deps, { field: 'new_password', first, second, context: user })
  if (oldPassword?.normalize('NFC') === first.normalize('NFC')) {
    throw fieldProblem('new_password1', { code: 'password_unchanged' })
  }
  const passwordHash = await deps.hasher.hash(first, sender.signal)
  return commitChange(deps, authorization, async (tx, account) => {
    const { id: userId } = account
    const credentialEpoch = await replacePassword(tx, userId, passwordHash)
    await record(tx, { event: 'password.changed', ...byOwner(userId), sessionId, sender })
    await notify(tx, deps, account, { template: 'password-changed', sender })
    await endLegacySessions(tx, userId)
    if (!deps.config.LOGOUT_ON_PASSWORD_CHANGE) return null
    await endSessionsAfterEpoch(tx, { userId })
    const authTime = oldPassword === null ? { authTime: principal.authTime } : {}
    const authentication = {
      userId,
      credentialEpoch,
      amr,
      renews: true as const,
      via: 'session.opened' as const,
      ...authTime
    }
    const signIn = await completeSignIn({ ...deps, db: tx }, authentication, sender)
    if (signIn === null) throw new Problem('token_not_valid')
    return signIn
  })
}
