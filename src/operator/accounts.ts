import { setAccountRole, setActive } from '../accounts/account.js'
import { type LockedAccount, lockAccount } from '../accounts/lock.js'
import { type AuditEventName, record } from '../audit/record.js'
import type { Database } from '../base/database/database.js'
import type { Deps } from '../deps.js'
import { carryVerification, voidLinks } from '../links/link.js'
import { dropSecondFactor, readAuthenticator } from '../mfa/authenticators.js'
import { notifyDisabled } from '../mfa/notify.js'
import { revokeAllSessions } from '../sessions/revoke.js'
import { noSender } from './no-sender.js'
import { Refusal } from './refusal.js'

/** One transaction that holds the account's lock, so that mints and refreshes come before it or after. */
function withAccount<T>(
  { db }: Pick<Deps, 'db'>,
  userId: string,
  work: (tx: Database, account: LockedAccount) => Promise<T>
): Promise<T> {
  return db.transaction(async tx => {
    const account = await lockAccount(tx, userId)
    if (account === null) throw new Refusal('This account was removed a moment ago.')
    return work(tx, account)
  })
}

/** Nobody of the service did it: no actor, and the details say whose hand it was. */
const recordByOperator = (
  tx: Database,
  event: AuditEventName,
  subjectId: string,
  details: Readonly<Record<string, string>> = {}
) =>
  record(tx, {
    event,
    actorId: null,
    subjectId,
    sender: noSender,
    details: { by: 'operator', ...details }
  })

/**
 * Keeps an account from signing in, and ends what it has: every session, and every link that was
 * mailed to it, also the one that undoes a change of address. Whether it was active.
 */
export function disableUser(deps: Pick<Deps, 'db' | 'clock'>, userId: string): Promise<boolean> {
  return withAccount(deps, userId, async (tx, { isActive }) => {
    if (!isActive) return false
    await setActive(tx, userId, false)
    await revokeAllSessions(tx, { userId })
    await voidLinks(tx, userId, deps.clock())
    await recordByOperator(tx, 'account.disabled', userId)
    return true
  })
}

/** Lets a disabled account sign in again. Nothing that was ended comes back. Whether it was disabled. */
export function enableUser(deps: Pick<Deps, 'db'>, userId: string): Promise<boolean> {
  return withAccount(deps, userId, async (tx, { isActive }) => {
    if (isActive) return false
    await setActive(tx, userId, true)
    await recordByOperator(tx, 'account.enabled', userId)
    return true
  })
}

export type RoleChange = { readonly from: number; readonly to: number; readonly lowered: boolean }

/**
 * Gives an account another role; null when it has it already. A lower one ends its sessions, so that
 * no refresh in flight brings an access token with the old role after this (SES-08).
 *
 * @throws {Refusal} for an invitation that is still open: what it grants is part of it.
 */
export function setRole(
  deps: Pick<Deps, 'db' | 'roles'>,
  userId: string,
  to: number
): Promise<RoleChange | null> {
  const { roles } = deps
  return withAccount(deps, userId, async (tx, { role: from, email }) => {
    if (from === to) return null
    const invitation = await tx.prisma.invitation.findUnique({ where: { userId } })
    if (invitation?.acceptedAt === null)
      throw new Refusal(
        `${email} has not accepted the invitation yet. Invite again with the other role.`
      )
    const lowered = !roles.reaches(to, from)
    await setAccountRole(tx, userId, to)
    if (lowered) await revokeAllSessions(tx, { userId })
    const details = { from: roles.nameOf(from), to: roles.nameOf(to) }
    await recordByOperator(tx, 'account.role_changed', userId, details)
    return { from, to, lowered }
  })
}

/** Signs an account out everywhere, and voids whatever waits for it to sign in. */
export function logoutAll(deps: Pick<Deps, 'db'>, userId: string): Promise<void> {
  return withAccount(deps, userId, async tx => {
    await revokeAllSessions(tx, { userId })
    await recordByOperator(tx, 'logout.all', userId)
  })
}

/**
 * Takes the second factor of an account away, for somebody who lost it, and tells the owner. Sessions
 * end too: they may be on the device that was lost. Whether there was a factor.
 */
export function resetMfa(
  deps: Pick<Deps, 'db' | 'config' | 'clock' | 'outboxKeys'>,
  userId: string
): Promise<boolean> {
  return withAccount(deps, userId, async (tx, account) => {
    const { credentialEpoch } = account
    if ((await readAuthenticator(tx, userId)) === null) return false
    await dropSecondFactor(tx, userId)
    await revokeAllSessions(tx, { userId })
    await carryVerification(tx, { userId, credentialEpoch: credentialEpoch + 1 })
    await recordByOperator(tx, 'mfa.disabled', userId)
    await notifyDisabled(tx, deps, account)
    return true
  })
}
