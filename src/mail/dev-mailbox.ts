import type { Config } from '../base/config/load.js'
import { isLoopback } from '../base/config/loopback.js'
import type { Log } from '../deps.js'
import type { MailTransport, OutgoingMail } from './transport.js'

const kept = 200

export type DevMailbox = MailTransport & {
  /** Newest first. */
  list(): readonly OutgoingMail[]
  find(id: string): OutgoingMail | null
}

/**
 * Whether mails go to {@link createDevMailbox} instead of to a server, and may be looked at: whoever
 * reads them can take over any account, so never where the service has a name that others can reach.
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

/** Takes mails on a developer's machine: keeps the latest in memory, and puts their links into the log. */
export function createDevMailbox(log: Log): DevMailbox {
  const mails = new Map<string, OutgoingMail>()
  return {
    async send(mail) {
      mails.set(mail.id, mail)
      const [oldest] = mails.keys()
      if (mails.size > kept && oldest !== undefined) mails.delete(oldest)
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
