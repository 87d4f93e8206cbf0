import { createPrivateKey } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createTransport } from 'nodemailer'
import { type Config, ConfigError } from '../base/config/load.js'
import { UnsendableError } from './mail-error.js'
import type { Rendered } from './render.js'

export type OutgoingMail = Rendered & {
  readonly id: string
  readonly template: string
  readonly recipient: string
  readonly createdAt: Date
}

/** Resolves when the server has accepted the mail. */
export type Send = (mail: OutgoingMail, signal?: AbortSignal) => Promise<void>
export type MailTransport = { readonly send: Send; close(): void }
/** `verify` connects, starts TLS and signs in, but sends nothing. */
export type SmtpTransport = MailTransport & { verify(): Promise<void> }

/** Timeouts in milliseconds: for the connection, the greeting and each answer. */
export const timeLimits = { connect: 10_000, greeting: 10_000, answer: 60_000 }

/**
 * Opens a pool of connections to the SMTP server of the settings. Its certificate is always verified, and
 * a mail cannot make the service read a file or fetch a URL.
 *
 * @throws {ConfigError} when the DKIM key cannot be read.
 */
export function createSmtpTransport(
  config: Config,
  { connections, limits = timeLimits }: { connections: number; limits?: typeof timeLimits }
): SmtpTransport {
  const from = parseMailbox(config.DEFAULT_FROM_EMAIL)
  const domain = from.address.slice(from.address.lastIndexOf('@') + 1)
  const host = config.EMAIL_HOST as string
  const smtp = createTransport({
    pool: true,
    host,
    port: config.EMAIL_PORT,
    secure: config.EMAIL_USE_SSL,
    requireTLS: config.EMAIL_USE_TLS,
    // Other servers use TLS when they offer it. A relay on this machine often has a self-signed
    // certificate, and the connection does not leave the machine.
    ignoreTLS: /^(localhost|127(\.\d+){3}|::1)$/.test(host) && !config.EMAIL_USE_TLS,
    tls: { minVersion: 'TLSv1.2', rejectUnauthorized: true },
    ...signIn(config),
    ...dkim(config),
    maxConnections: connections,
    // The queue retries: it counts attempts, waits, and survives a restart.
    maxRequeues: 0,
    connectionTimeout: limits.connect,
    dnsTimeout: limits.connect,
    greetingTimeout: limits.greeting,
    socketTimeout: limits.answer,
    socketCloseTimeout: 1000,
    disableFileAccess: true,
    disableUrlAccess: true
  })
  return {
    async send({ id, recipient, createdAt, subject, text, html }, signal) {
      if (!isPlainAddress(recipient)) throw new UnsendableError('The recipient is not an address.')
      await smtp.sendMail({
        envelope: { from: from.address, to: [recipient] },
        from,
        to: { name: '', address: recipient },
        // Every attempt has the same id, so that the recipient can recognise a repeated mail.
        messageId: `<${id}@${domain}>`,
        date: createdAt,
        headers: { 'Auto-Submitted': 'auto-generated' },
        xMailer: false,
        subject,
        text,
        html,
        ...(signal === undefined ? {} : { signal })
      })
    },
    verify: async () => void (await smtp.verify()),
    close: () => smtp.close()
  }
}

/** Addresses are canonical already. This last check prevents a second recipient (EML-03). */
const isPlainAddress = (text: string) =>
  text.length <= 254 && /^[a-z0-9!#$%&'*+/=?^_`{|}~.-]+@[a-z0-9.-]+$/.test(text)

function parseMailbox(text: string): { name: string; address: string } {
  const match = /^(.*)<(.+)>$/.exec(text)
  if (match === null) return { name: '', address: text }
  return {
    name: (match[1] as string).trim().replace(/^"(.*)"$/, '$1'),
    address: match[2] as string
  }
}

function signIn({ EMAIL_HOST_USER: user, EMAIL_HOST_PASSWORD: pass }: Config) {
  return user === null ? {} : { auth: { user, pass: pass ?? '' } }
}

function dkim({ DKIM_DOMAIN, DKIM_SELECTOR, DKIM_PRIVATE_KEY_FILE: file }: Config) {
  if (DKIM_DOMAIN === null || DKIM_SELECTOR === null || file === null) return {}
  try {
    const privateKey = readFileSync(file, 'utf8')
    createPrivateKey(privateKey)
    return { dkim: { domainName: DKIM_DOMAIN, keySelector: DKIM_SELECTOR, privateKey } }
  } catch {
    throw new ConfigError([
      'DKIM_PRIVATE_KEY_FILE must name a readable PEM file with a private key.'
    ])
  }
}
