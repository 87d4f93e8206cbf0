import type { Deps } from '../deps.js'
import { warningLevel } from './budget.js'

const logEveryMs = 60_000

/** Warns of the budget over all mails when it is nearly spent, and when it is; each at most once a minute. */
export function createMailWarning({ log, clock }: Pick<Deps, 'log' | 'clock'>) {
  const loggedAt = { near: Number.NEGATIVE_INFINITY, spent: Number.NEGATIVE_INFINITY }
  return (level: number): void => {
    if (level < warningLevel) return
    const state = level < 1 ? 'near' : 'spent'
    const now = clock().getTime()
    if (now - loggedAt[state] < logEveryMs) return
    loggedAt[state] = now
    const message =
      state === 'near'
        ? 'four fifths of MAILS_OVER_ALL are used; when it is spent, no requested mail is sent'
        : 'MAILS_OVER_ALL is spent: requested mails are not sent until it refills'
    log.warn({ event: 'mail.budget', percent: Math.floor(level * 100) }, message)
  }
}
