import type { Database } from '../base/database/database.js'
import { type NotifyDeps, notifyOwner } from '../mail/notify-owner.js'
import type { Sender } from '../sender.js'
import { fewCodes } from './recovery-codes.js'

type Owner = Parameters<typeof notifyOwner>[2]

/** `link` undoes the setup; without one the mail leads to a reset. */
export const notifyEnabled = (
  tx: Database,
  deps: NotifyDeps,
  owner: Owner,
  { sender, link }: { sender: Sender; link: Parameters<typeof notifyOwner>[3]['link'] }
) => notifyOwner(tx, deps, owner, { template: 'mfa-enabled', sender, link })

export const notifyDisabled = (tx: Database, deps: NotifyDeps, owner: Owner, sender: Sender) =>
  notifyOwner(tx, deps, owner, { template: 'mfa-disabled', sender })

/** Mails the owner about wrong codes after a right password, at most once an hour. */
export const notifyAttempts = (tx: Database, deps: NotifyDeps, owner: Owner, sender: Sender) =>
  notifyOwner(tx, deps, owner, { template: 'mfa-attempts', sender, quietSeconds: 3600 })

/** Mails the owner that a recovery code was used, and once that few are left. */
export async function notifyRecoveryCodeUsed(
  tx: Database,
  deps: NotifyDeps,
  owner: Owner,
  { sender, remaining }: { sender: Sender; remaining: number }
): Promise<void> {
  const notice = { sender, params: { remaining } }
  await notifyOwner(tx, deps, owner, { template: 'recovery-code-used', ...notice })
  if (remaining === fewCodes)
    await notifyOwner(tx, deps, owner, { template: 'recovery-codes-low', ...notice })
}
