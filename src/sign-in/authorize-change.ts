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
 * What a change requires. `session`: a live session. `fresh`: also an authentication within ten minutes, or
 * in this request. `password`: also the password in this request.
 */
export type Demand = 'session' | 'fresh' | 'password'

/** The password and code that a request contains. */
export type Evidence = {
  readonly password?: string | undefined
  /** The name of the password field, for errors. */
  readonly passwordField?: 'password' | 'old_password'
  readonly code?: OfferedCode | undefined
}

export type ChangeDeps = CheckCodeDeps & Pick<Deps, 'hasher'>

declare const authorized: unique symbol
/** Only {@link authorizeChange} creates one, so no change is committed without the checks. */
export type Authorization = {
  readonly principal: Principal
  readonly sender: Sender
  readonly code: OfferedCode | undefined
  readonly proved: readonly AuthenticationMethod[]
  readonly [authorized]: true
}

const freshForSeconds = 600
const tokenNotValid = () => new Problem('token_not_valid')

/**
 * Checks the evidence for a change before any lock, because hashing is slow. `fresh` and `password` also
 * require a second factor that the account has and the session lacks. Evidence is checked even if it is not
 * required. A code needs a fresh authentication, so that a stolen session cannot use up attempts (MFA-06).
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
  if (principal.hasEnded) throw tokenNotValid()
  const needsFresh = demand === 'fresh' || code !== undefined
  const needsPassword = demand === 'password' || (needsFresh && !isFresh(deps, principal))
  const needsCode = demand !== 'session' && (await needsFactor(deps, principal))
  if ((needsPassword && password === undefined) || (needsCode && code === undefined))
    throw new Problem('reauthentication_required')
  if (password !== undefined) {
    const { id, email: address } = principal.user
    const check = await checkPassword(deps, { address, password }, sender)
    // The address may belong to another account now.
    if (!check.matches || check.account?.id !== id) throw incorrectPassword(passwordField)
    await refund(deps.db, check.reservation)
  }
  const proved: readonly AuthenticationMethod[] = password === undefined ? [] : ['pwd']
  return { principal, sender, code, proved } as Authorization
}

/**
 * Runs a change under the account's row lock, if the account is active, its credentials are unchanged and
 * the session still exists. The same transaction uses the code up.
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
  const allMethods = [...proved, code.method]
  const act = (tx: Database, account: LockedAccount) => change(tx, account, allMethods)
  return checkCode(deps, { userId: principal.user.id, offered: code, sender, lock, act })
}

/** Locks account and session. Every transaction locks the account first, so there is no deadlock. */
async function lockPrincipal(
  tx: Database,
  { user: { id: userId, credentialEpoch }, sessionId }: Principal
): Promise<LockedAccount> {
  const account = await lockUnchangedAccount(tx, { userId, credentialEpoch }, tokenNotValid)
  if (!(await lockSession(tx, { userId, sessionId }))) throw tokenNotValid()
  return account
}

async function needsFactor({ db, config }: ChangeDeps, { user, amr }: Principal): Promise<boolean> {
  if (config.JWT_ALLAUTH_MFA_TOTP_MODE === 'disabled' || hasFactor(amr)) return false
  return (await readAuthenticator(db, user.id)) !== null
}

function isFresh({ clock }: ChangeDeps, { authTime }: Principal): boolean {
  return (clock().getTime() - authTime.getTime()) / 1000 <= freshForSeconds
}
