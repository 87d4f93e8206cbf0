import { type Origin, record } from '../audit/record.js'
import type { Database } from '../database/database.js'
import { dropSecondFactor } from './authenticators.js'

/**
 * Takes from an account what somebody set up before its mailbox was proved for the first time
 * (contract A.3.2), and writes down both.
 */
export async function noteFirstProof(tx: Database, userId: string, origin: Origin): Promise<void> {
  const event = { actorId: userId, subjectId: userId, origin }
  await record(tx, { event: 'email.verified', ...event, details: { first: true } })
  if (await dropSecondFactor(tx, userId)) await record(tx, { event: 'mfa.disabled', ...event })
}
