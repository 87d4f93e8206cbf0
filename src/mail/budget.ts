import { Problem } from '../base/errors/problem.js'
import type { Deps } from '../deps.js'
import { type Budget, reserve } from '../limits/budgets.js'

/**
 * Takes one mail from the budgets of the address, the network and the installation, before any look-up
 * (BRF-11, ENU-07). False: the caller sends nothing and answers as usual.
 */
export async function mayMail(
  { db, config, attemptKey }: Pick<Deps, 'db' | 'config' | 'attemptKey'>,
  { address, network }: { address: string; network: string }
): Promise<boolean> {
  const budgets: Budget[] = [
    { kind: 'mail-address', subject: address, rate: config.MAILS_PER_ADDRESS },
    { kind: 'mail-network', subject: network, rate: config.MAILS_PER_NETWORK },
    { kind: 'mail', subject: '', rate: config.MAILS_OVER_ALL }
  ]
  try {
    await reserve(db, attemptKey, budgets)
    return true
  } catch (error) {
    if (error instanceof Problem && error.code === 'throttled') return false
    throw error
  }
}
