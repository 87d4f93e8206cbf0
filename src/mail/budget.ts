import type { Config } from '../base/config/load.js'
import type { Deps } from '../deps.js'
import { type Budget, type Reservation, readBudget, tryReserve } from '../limits/budgets.js'

/** What a request asks a mail for. Each kind has its own budget, so that none uses up another. */
export type MailKind = 'sign-up' | 'confirmation' | 'reset' | 'invitation' | 'address-change'

/** The budget over all mails. */
export const overAllMails = ({ MAILS_OVER_ALL: rate }: Pick<Config, 'MAILS_OVER_ALL'>): Budget => ({
  kind: 'mail',
  subject: '',
  rate
})

/** From this level on the log and the doctor warn of the budget over all mails. */
export const warningLevel = 0.8

type MailBudgetDeps = Pick<Deps, 'db' | 'config' | 'attemptKey'>

/**
 * Takes one mail from the budgets of the address and its kind, the network and the installation, before
 * any look-up (BRF-11, ENU-07). The caller gives the result back when it queues no mail, so that only
 * mails count. The network's share stays taken: else its own later mails would tell whether an address
 * has an account.
 *
 * @returns null when a budget is spent: the caller sends nothing and answers as usual.
 */
export async function takeMail(
  { db, config, attemptKey, warnOfMails }: MailBudgetDeps & Pick<Deps, 'warnOfMails'>,
  { kind, address, network }: { kind: MailKind; address: string; network: string }
): Promise<Reservation | null> {
  const overAll = overAllMails(config)
  const budgets: Budget[] = [
    { kind: `mail-${kind}`, subject: address, rate: config.MAILS_PER_ADDRESS },
    overAll,
    { kind: 'mail-network', subject: network, rate: config.MAILS_PER_NETWORK }
  ]
  const result = await tryReserve(db, attemptKey, budgets)
  if ('spent' in result) {
    if (result.spent.includes(overAll)) warnOfMails(1)
    return null
  }
  const { keys, costs, waitsBefore, levels } = result
  warnOfMails(levels[1] ?? 0)
  const returnable = <T>(items: readonly T[]) => items.slice(0, 2)
  return {
    keys: returnable(keys),
    costs: returnable(costs),
    waitsBefore: returnable(waitsBefore)
  }
}

/** How full the budget over all mails is, from 0 to 1, and whether it refuses mails. */
export async function readMailBudget({
  db,
  config,
  attemptKey
}: MailBudgetDeps): Promise<{ level: number; isSpent: boolean }> {
  const { level, waitSeconds } = await readBudget(db, attemptKey, overAllMails(config))
  return { level, isSpent: waitSeconds !== null }
}
