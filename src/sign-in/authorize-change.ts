import { type LockedAccount, lockUnchangedAccount } from '../accounts/lock.js'
import type { Database } from '../base/database/database.js'
import { Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { refund } from '../limits/budgets.js'
import { readAuthenticator } from '../mfa/authenticators.js'
import { type CheckCodeDeps, checkCode, type OfferedCode } from '../mfa/check-code.js'
import { hasFactor } from '../mfa/policy.js'
import { checkPassword, incorrectPassword } from '../passwords/check.js'
import type { Sender } from '../sender.js'
import { lockSession, type Principal } from '../sessions/authenticate.js'
import type { AuthenticationMethod } from '../sessions/session.js'

/**
 * What a change asks of the person behind a session. `session`: it is live. `fresh`: and they proved
 * who they are within ten minutes, or do now. `password`: and the password is in this request.
 */
export type Demand = 'session' | 'fresh' | 'password'

/** What the request sends to prove who is there. */
export type Evidence = {
  readonly password?: string | undefined
  /** The field of the password, for errors. */
  readonly passwordField?: 'password' | 'old_password'
  readonly code?: OfferedCode | undefined
}

export type ChangeDeps = CheckCodeDeps & Pick<Deps, 'hasher'>

declare const authorized: unique symbol
/** Only {@link authorizeChange} makes one, so no change is committed without the checks. */
export type Authorization = {
  readonly principal: Principal
  readonly sender: Sender
  readonly code: OfferedCode | undefined
  readonly proved: readonly AuthenticationMethod[]
  readonly [authorized]: true
}

const freshForSeconds = 600
const gone = () => new Problem('token_not_valid')

/**
 * Checks what was sent for a change, before any lock: hashing is slow. `fresh` and `password` also want
 * the second factor of an account whose session never passed it. Whatever is sent is checked, needed or
 * not; a code only behind a fresh proof, so that a stolen session cannot spend the attempts (MFA-06).
 *
 * @throws {Problem} `token_not_valid` for a session that has ended; `reauthentication_required`;
 *   `incorrect_password` on the password's field; `throttled`; `busy`.
 */
export async function authorizeChange(
  deps: ChangeDeps,
  { principal, sender }: { readonly principal: Principal; readonly sender: Sender },
  demand: Demand,
  { password, passwordField = 'password', code }: Evidence = {}
): Promise<Authorization> {
  if (principal.hasEnded) throw gone()
  const wantsFresh = demand === 'fresh' || code !== undefined
  const wantsPassword = demand === 'password' || (wantsFresh && !isFresh(deps, principal))
  const wantsCode = demand !== 'session' && (await owesFactor(deps, principal))
  if ((wantsPassword && password === undefined) || (wantsCode && code === undefined))
    throw new Problem('reauthentication_required')
  if (password !== undefined) {
    const { id, email: address } = principal.user
    const check = await checkPassword(deps, { address, password }, sender)
    // The address may be somebody else's by now.
    if (!check.matches || check.account?.id !== id) throw incorrectPassword(passwordField)
    await refund(deps.db, check.reservation)
  }
  const proved: readonly AuthenticationMethod[] = password === undefined ? [] : ['pwd']
  return { principal, sender, code, proved } as Authorization
}

/**
 * Runs a change under the account's row lock, where nothing has ended the session since the request
 * began: same credentials, active account, session still there. The code is used up in the same
 * transaction.
 *
 * @throws {Problem} `token_not_valid`; `invalid_code`; `totp_not_active`; `throttled`; `unavailable`.
 */
export function commitChange<T>(
  deps: CheckCodeDeps,
  { principal, sender, code, proved }: Authorization,
  change: (
    tx: Database,
    account: LockedAccount,
    proved: readonly AuthenticationMethod[]
  ) => Promise<T>
): Promise<T> {
  const lock = (tx: Database) => lockPrincipal(tx, principal)
  if (code === undefined) return deps.db.transaction(async tx => change(tx, await lock(tx), proved))
  const all = [...proved, code.method]
  const act = (tx: Database, account: LockedAccount) => change(tx, account, all)
  return checkCode(deps, { userId: principal.user.id, offered: code, sender, lock, act })
}

/** The account's lock comes first, as everywhere. */
async function lockPrincipal(
  tx: Database,
  { user: { id: userId, credentialEpoch }, sessionId }: Principal
): Promise<LockedAccount> {
  const account = await lockUnchangedAccount(tx, { userId, credentialEpoch }, gone)
  if (!(await lockSession(tx, { userId, sessionId }))) throw gone()
  return account
}

async function owesFactor({ db, config }: ChangeDeps, { user, amr }: Principal): Promise<boolean> {
  if (config.JWT_ALLAUTH_MFA_TOTP_MODE === 'disabled' || hasFactor(amr)) return false
  return (await readAuthenticator(db, user.id)) !== null
}

function isFresh({ clock }: ChangeDeps, { authTime }: Principal): boolean {
  return (clock().getTime() - authTime.getTime()) / 1000 <= freshForSeconds
}
