import type { Config } from '../base/config/load.js'
import { isLoopback } from '../base/config/loopback.js'
import type { Log } from '../deps.js'
import type { MailTransport, OutgoingMail } from './transport.js'

const maxMails = 200

export type DevMailbox = MailTransport & {
  /** Newest first. */
  list(): readonly OutgoingMail[]
  find(id: string): OutgoingMail | null
}

/**
 * Whether mails go to {@link createDevMailbox} instead of a server. A reader of these mails can take over
 * any account, so only with a loopback address.
 */
export function hasDevMailbox(config: Config): boolean {
  const { hostname } = new URL(config.PUBLIC_URL)
  return (
    !config.production &&
    !config.EMAIL_DISABLED &&
    config.EMAIL_HOST === null &&
    isLoopback(hostname)
  )
}

/** The mail transport of a development machine: keeps the latest mails in memory and logs their links. */
export function createDevMailbox(log: Log): DevMailbox {
  const mails = new Map<string, OutgoingMail>()
  return {
    async send(mail) {
      mails.set(mail.id, mail)
      const [oldest] = mails.keys()
      if (mails.size > maxMails && oldest !== undefined) mails.delete(oldest)
      const { recipient, subject, link } = mail
      log.info(
        { recipient, subject, ...(link === null ? {} : { link }) },
        'mail for the development mailbox'
      )
    },
    close: () => {},
    list: () => [...mails.values()].toReversed(),
    find: id => mails.get(id) ?? null
  }
}
