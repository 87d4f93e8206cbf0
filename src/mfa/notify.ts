import type { Database } from '../base/database/database.js'
import type { Deps } from '../deps.js'
import { notifyOwner } from '../mail/notify-owner.js'
import { fewCodes } from './recovery-codes.js'

type MailDeps = Pick<Deps, 'config' | 'clock' | 'attemptKey' | 'outboxKeys'>
type Owner = Parameters<typeof notifyOwner>[2]

/** `link` undoes the setup; without one the mail leads to a reset. */
export const notifyEnabled = (
  tx: Database,
  deps: MailDeps,
  owner: Owner,
  link: Parameters<typeof notifyOwner>[3]['link']
) => notifyOwner(tx, deps, owner, { template: 'mfa-enabled', link })

export const notifyDisabled = (tx: Database, deps: MailDeps, owner: Owner) =>
  notifyOwner(tx, deps, owner, { template: 'mfa-disabled' })

/** Mails the owner about wrong codes after a right password, at most once an hour. */
export const notifyAttempts = (tx: Database, deps: MailDeps, owner: Owner) =>
  notifyOwner(tx, deps, owner, { template: 'mfa-attempts', quietSeconds: 3600 })

/** Mails the owner that a recovery code was used, and once that few are left. */
export async function notifyRecoveryCodeUsed(
  tx: Database,
  deps: MailDeps,
  owner: Owner,
  remaining: number
): Promise<void> {
  const params = { remaining }
  await notifyOwner(tx, deps, owner, { template: 'recovery-code-used', params })
  if (remaining === fewCodes)
    await notifyOwner(tx, deps, owner, { template: 'recovery-codes-low', params })
}
