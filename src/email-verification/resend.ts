import { canonicalAddress } from '../accounts/address.js'
import type { Deps } from '../deps.js'
import { mailLink } from '../links/mail-link.js'
import { mayMail } from '../outbox/mail-budget.js'

/**
 * Mails a new confirmation link to an address that has an unconfirmed account, and nothing to any
 * other. The answer is the same for all.
 */
export async function resendConfirmation(
  deps: Pick<Deps, 'db' | 'config' | 'attemptKey' | 'linkCodeKey' | 'outboxKeys'>,
  { email, network, locale }: { email: string; network: string; locale: string }
): Promise<void> {
  const address = canonicalAddress(email)
  if (address === null || !(await mayMail(deps, { address, network }))) return
  const lifetimeSeconds = deps.config.ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS
  await mailLink(deps, { kind: 'email_verification', address, lifetimeSeconds, locale })
}
