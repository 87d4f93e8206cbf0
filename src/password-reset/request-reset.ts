import { canonicalAddress } from '../accounts/address.js'
import type { Deps } from '../deps.js'
import { mailLink } from '../links/mail-link.js'
import { mayMail } from '../outbox/mail-budget.js'

/** Mails a reset link to whoever has the address. Nothing tells whether there is anybody (ENU-07). */
export async function requestPasswordReset(
  deps: Pick<Deps, 'db' | 'config' | 'attemptKey' | 'linkCodeKey' | 'outboxKeys'>,
  { email, network, locale }: { email: string; network: string; locale: string }
): Promise<void> {
  const address = canonicalAddress(email)
  if (address === null || !(await mayMail(deps, { address, network }))) return
  const lifetimeSeconds = deps.config.PASSWORD_RESET_TIMEOUT
  await mailLink(deps, { kind: 'password_reset', address, lifetimeSeconds, locale })
}
