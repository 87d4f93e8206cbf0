import { byOwner, record } from '../audit/record.js'
import type { Database } from '../base/database/database.js'
import type { Sender } from '../sender.js'
import { dropSecondFactor } from './authenticators.js'

/** Takes from an account a second factor that was set up before anybody had proved its mailbox. */
export async function dropUnproven(tx: Database, userId: string, sender: Sender): Promise<void> {
  if (await dropSecondFactor(tx, userId))
    await record(tx, { event: 'mfa.disabled', ...byOwner(userId), sender })
}

/**
 * Writes down that the mailbox of an account was proved for the first time, and takes from it what
 * was set up before (contract A.3.2).
 */
export async function recordFirstVerification(
  tx: Database,
  userId: string,
  sender: Sender
): Promise<void> {
  const details = { first: true }
  const event = { ...byOwner(userId), sender, details }
  await record(tx, { event: 'email.verified', ...event })
  await dropUnproven(tx, userId, sender)
}
