import { type LockedAccount, lockAccount } from '../accounts/lock.js'
import type { Database } from '../base/database/database.js'
import { Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { refund } from '../limits/budgets.js'
import { readAuthenticator } from '../mfa/authenticators.js'
import { type CheckCodeDeps, checkCode, type OfferedCode } from '../mfa/check-code.js'
import { hasFactor } from '../mfa/policy.js'
import { checkPassword, incorrectPassword } from '../passwords/check.js'
import type { Sender } from '../sender.js'
import type { Principal } from '../sessions/authenticate.js'
import type { AuthenticationMethod } from '../sessions/session.js'

/** What somebody who is signed in sends to show that it is still them. */
export type Offered = {
  readonly password?: string | undefined
  readonly factor?: OfferedCode | undefined
}

export type ProveDeps = CheckCodeDeps & Pick<Deps, 'hasher'>

/** What the proof is for: runs in the transaction that uses a code up, with all that was proved. */
type Act<T> = (
  tx: Database,
  account: LockedAccount,
  proved: readonly AuthenticationMethod[]
) => Promise<T>

const freshForSeconds = 600
const gone = () => new Problem('token_not_valid')

/**
 * Demands that the person behind a session proves again who they are: by the password, unless they
 * did within the last ten minutes, and by a second factor where the account has one that the session
 * never passed (contract A.3.8). What is sent is checked, also where it was not needed.
 *
 * @throws {Problem} `reauthentication_required`; `incorrect_password` on `password`, before a code is
 *   looked at; `invalid_code`; `throttled`; `totp_not_active` for a code of an account without a factor;
 *   `token_not_valid` when the account changed its credentials meanwhile.
 */
export async function proveAgain<T>(
  deps: ProveDeps,
  principal: Principal,
  { password, factor }: Offered,
  sender: Sender,
  act: Act<T>
): Promise<T> {
  const { id: userId } = principal.user
  if (factor === undefined && (await owesFactor(deps, principal)))
    throw new Problem('reauthentication_required')
  const proved: AuthenticationMethod[] = []
  if (password !== undefined) {
    await requirePassword(deps, principal, password, sender)
    proved.push('pwd')
  } else if (!isFresh(deps, principal)) {
    throw new Problem('reauthentication_required')
  }
  const work = (tx: Database, account: LockedAccount) => {
    const isSame = account.credentialEpoch === principal.user.credentialEpoch
    if (!isSame) throw gone()
    return act(tx, account, proved)
  }
  if (factor !== undefined) {
    proved.push(factor.method)
    return checkCode(deps, { userId, offered: factor, sender, gone, act: work })
  }
  return deps.db.transaction(async tx => {
    const account = await lockAccount(tx, userId)
    if (account === null || !account.isActive) throw gone()
    return work(tx, account)
  })
}

async function owesFactor({ db, config }: ProveDeps, { user, amr }: Principal): Promise<boolean> {
  if (config.JWT_ALLAUTH_MFA_TOTP_MODE === 'disabled' || hasFactor(amr)) return false
  return (await readAuthenticator(db, user.id)) !== null
}

function isFresh({ clock }: ProveDeps, { authTime }: Principal): boolean {
  return (clock().getTime() - authTime.getTime()) / 1000 <= freshForSeconds
}

async function requirePassword(
  deps: ProveDeps,
  { user }: Principal,
  password: string,
  sender: Sender
): Promise<void> {
  const { account, matches, reservation } = await checkPassword(
    deps,
    { address: user.email, password },
    sender
  )
  // The address may be somebody else's by now.
  if (!matches || account?.id !== user.id) throw incorrectPassword('password')
  await refund(deps.db, reservation)
}
