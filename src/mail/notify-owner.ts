import type { Config } from '../base/config/load.js'
import type { Database } from '../base/database/database.js'
import { nameKnownAgent } from '../base/user-agent.js'
import type { Deps } from '../deps.js'
import { type Budget, takeAhead, tryReserve } from '../limits/budgets.js'
import { networkOf } from '../limits/network.js'
import type { Sender } from '../sender.js'
import { type Addressee, enqueue, foldMail, type NewMail } from './enqueue.js'

type Notice = Omit<NewMail, 'to'> & {
  /** Who caused the event. The mail says from which device and network; null for a mail that must not. */
  readonly sender: Sender | null
}
export type NotifyDeps = Pick<Deps, 'config' | 'clock' | 'attemptKey' | 'outboxKeys'>

/** The budget of one kind of notice to an address. */
const noticeBudget = (
  { MAILS_PER_ADDRESS: rate }: Pick<Config, 'MAILS_PER_ADDRESS'>,
  template: NewMail['template'],
  address: string
): Budget => ({ kind: `notice-${template}`, subject: address, rate })

/**
 * Mails a security event of an account, in the transaction of the change, with its time and sender. When the
 * budget of the address for this kind of event is spent, events are folded into one later mail that says how
 * many there were, so that an attacker cannot drown a warning. A folded mail has no link, so a mail with the
 * only link of an undo right is sent in any case. A mail with a quiet time is limited by that.
 */
export async function notify(
  tx: Database,
  deps: NotifyDeps,
  to: Addressee,
  { sender, params, ...notice }: Notice
): Promise<void> {
  const { config, attemptKey } = deps
  const when = deps.clock().toISOString()
  const mail = { ...notice, to, params: { when, ...(sender && originOf(sender)), ...params } }
  if (config.EMAIL_DISABLED || mail.quietSeconds !== undefined) return enqueue(tx, deps, mail)
  const budget = noticeBudget(config, mail.template, to.email)
  const result = await tryReserve(tx, attemptKey, [budget], { losable: false })
  if (!('spent' in result) || mail.link?.isOnly) return enqueue(tx, deps, mail)
  if (await foldMail(tx, deps, mail, result.waitSeconds)) await takeAhead(tx, attemptKey, budget)
}

type Owner = Addressee & { readonly emailVerifiedAt: Date | null }

/** As {@link notify}, but unverified addresses get no mail: they may belong to another person. */
export async function notifyOwner(
  tx: Database,
  deps: NotifyDeps,
  owner: Owner,
  notice: Notice
): Promise<void> {
  if (owner.emailVerifiedAt !== null) await notify(tx, deps, owner, notice)
}

/** Device and network of a sender, where they are known. */
function originOf({ ip, userAgent }: Sender): Readonly<Record<string, string>> {
  const device = nameKnownAgent(userAgent)
  const network = ip === null ? 'unknown' : networkOf(ip)
  return { ...(device && { device }), ...(network !== 'unknown' && { network }) }
}
