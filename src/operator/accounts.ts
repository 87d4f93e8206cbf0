import { setAccountRole, setActive } from '../accounts/account.js'
import { keepAccount, withdrawDeletion } from '../accounts/deletion.js'
import { type LockedAccount, lockAccount } from '../accounts/lock.js'
import { closeUndoRight } from '../accounts/undo-right.js'
import { type AuditEventName, record } from '../audit/record.js'
import type { Database } from '../base/database/database.js'
import type { Deps } from '../deps.js'
import { carryVerification, createLink, supersede, voidLinks } from '../links/link.js'
import { linkUrl } from '../links/link-url.js'
import { dropSecondFactor, readAuthenticator } from '../mfa/authenticators.js'
import { notifyDisabled } from '../mfa/notify.js'
import { revokeAllSessions } from '../sessions/revoke.js'
import { eraseNow } from '../user/deletion/erase.js'
import { operatorSender } from './no-sender.js'
import { Refusal } from './refusal.js'

/** Runs `work` in a transaction that locks the account: sign-ins and refreshes run before it or after it. */
function withAccount<T>(
  { db }: Pick<Deps, 'db'>,
  userId: string,
  work: (tx: Database, account: LockedAccount) => Promise<T>
): Promise<T> {
  return db.transaction(async tx => {
    const account = await lockAccount(tx, userId)
    if (account === null) throw new Refusal('This account has just been deleted.')
    return work(tx, account)
  })
}

/** Records an event without an actor account. The details name the operator as its cause, and who that is. */
const recordByOperator = (
  tx: Database,
  deps: Pick<Deps, 'config'>,
  event: AuditEventName,
  subjectId: string,
  details: Readonly<Record<string, string>> = {}
) =>
  record(tx, {
    event,
    actorId: null,
    subjectId,
    sender: operatorSender(deps),
    details: { by: 'operator', ...details }
  })

/**
 * Disables an account: it cannot sign in, and its sessions and mailed links end, including the link
 * that undoes a change of address, so the reserved address is free. An account that waits for its deletion is
 * kept, and its owner can no longer enable it. Returns whether it was active or waiting.
 */
export function disableUser(
  deps: Pick<Deps, 'db' | 'clock' | 'config'>,
  userId: string
): Promise<boolean> {
  return withAccount(deps, userId, async (tx, { isActive }) => {
    const waited = await withdrawDeletion(tx, userId)
    if (!isActive && !waited) return false
    await setActive(tx, userId, false)
    await revokeAllSessions(tx, { userId })
    await voidLinks(tx, userId, deps.clock())
    await closeUndoRight(tx, userId)
    await recordByOperator(tx, deps, 'account.disabled', userId)
    return true
  })
}

/**
 * Allows a disabled account to sign in again, also one that waits for its deletion; ended sessions and links
 * stay ended. Returns whether it was disabled.
 */
export function enableUser(
  deps: Pick<Deps, 'db' | 'config' | 'clock'>,
  userId: string
): Promise<boolean> {
  return withAccount(deps, userId, async (tx, { isActive }) => {
    if (isActive) return false
    if (await keepAccount(tx, userId))
      await supersede(tx, { userId, purpose: 'account_deletion_undo' }, deps.clock())
    await setActive(tx, userId, true)
    await recordByOperator(tx, deps, 'account.enabled', userId)
    return true
  })
}

/** Erases an account at once, for good, and notifies the owner of a verified address. */
export function deleteUser(
  deps: Pick<Deps, 'db' | 'config' | 'clock' | 'attemptKey' | 'outboxKeys'>,
  userId: string
): Promise<void> {
  return withAccount(deps, userId, async (tx, account) => {
    await recordByOperator(tx, deps, 'account.deleted', userId)
    await eraseNow(tx, deps, account, operatorSender(deps))
  })
}

/**
 * Creates a link with which a person chooses a new password, for an operator to hand over. It replaces a link
 * that was mailed, and proves the address like that one, so it must reach the owner and nobody else.
 *
 * @throws {Refusal} if the account is disabled or has not accepted its invitation.
 */
export function createResetLink(
  deps: Pick<Deps, 'db' | 'config' | 'clock' | 'linkCodeKey'>,
  userId: string
): Promise<{ link: string; expiresAt: Date }> {
  return withAccount(deps, userId, async (tx, account) => {
    const { email: address, credentialEpoch, isActive, passwordHash, emailVerifiedAt } = account
    if (!isActive)
      throw new Refusal(`${address} is disabled. Enable it first with: postern user enable.`)
    if (passwordHash === null && emailVerifiedAt === null)
      throw new Refusal(
        `${address} has not accepted the invitation yet. Print its link with: postern invite --print-link.`
      )
    const { secret, expiresAt } = await createLink(tx, deps, {
      userId,
      purpose: 'password_reset',
      address,
      credentialEpoch,
      lifetimeSeconds: deps.config.PASSWORD_RESET_TIMEOUT,
      // Every mailed reset has a code; one without belongs to an undo.
      withCode: true
    })
    await recordByOperator(tx, deps, 'password.reset_link_created', userId)
    const link = linkUrl(deps.config, { purpose: 'password_reset', userId, token: secret.token })
    return { link, expiresAt }
  })
}

export type RoleChange = { readonly from: number; readonly to: number; readonly lowered: boolean }

/**
 * Changes the role of an account; null if it already has the role. A lower role ends its sessions, so
 * that a concurrent refresh cannot issue an access token with the old role (SES-08).
 *
 * @throws {Refusal} if the account has an open invitation, because the invitation grants the role.
 */
export function setRole(
  deps: Pick<Deps, 'db' | 'roles' | 'config'>,
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
    await recordByOperator(tx, deps, 'account.role_changed', userId, details)
    return { from, to, lowered }
  })
}

/** Ends every session of an account and every sign-in that is not complete. */
export function logoutAll(deps: Pick<Deps, 'db' | 'config'>, userId: string): Promise<void> {
  return withAccount(deps, userId, async tx => {
    await revokeAllSessions(tx, { userId })
    await recordByOperator(tx, deps, 'logout.all', userId)
  })
}

/**
 * Removes the second factor of an account whose owner lost it, and notifies the owner. Sessions end,
 * because the lost device may have one. Returns whether there was a factor.
 */
export function resetMfa(
  deps: Pick<Deps, 'db' | 'config' | 'clock' | 'attemptKey' | 'outboxKeys'>,
  userId: string
): Promise<boolean> {
  return withAccount(deps, userId, async (tx, account) => {
    const { credentialEpoch } = account
    if ((await readAuthenticator(tx, userId)) === null) return false
    await dropSecondFactor(tx, userId)
    await revokeAllSessions(tx, { userId })
    await carryVerification(tx, { userId, credentialEpoch: credentialEpoch + 1 })
    await recordByOperator(tx, deps, 'mfa.disabled', userId)
    await notifyDisabled(tx, deps, account, operatorSender(deps))
    return true
  })
}
