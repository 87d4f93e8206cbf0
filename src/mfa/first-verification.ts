import { byOwner, record } from '../audit/record.js'
import type { Database } from '../base/database/database.js'
import type { Sender } from '../sender.js'
import { dropSecondFactor } from './authenticators.js'

/** Removes a second factor that was set up before the address of the account was verified. */
export async function dropUnverifiedFactor(
  tx: Database,
  userId: string,
  sender: Sender
): Promise<void> {
  if (await dropSecondFactor(tx, userId))
    await record(tx, { event: 'mfa.disabled', ...byOwner(userId), sender })
}

/**
 * Records the first verification of an account's address, and removes a second factor that was set up
 * before, because an attacker may have signed up with the address.
 */
export async function recordFirstVerification(
  tx: Database,
  userId: string,
  sender: Sender
): Promise<void> {
  const details = { first: true }
  await record(tx, { event: 'email.verified', ...byOwner(userId), sender, details })
  await dropUnverifiedFactor(tx, userId, sender)
}
