import { newId } from '../base/crypto/random.js'
import { canonicalAddress } from '../base/email-address.js'
import { createRenderer } from '../base/views/renderer.js'
import type { Deps } from '../deps.js'
import { createSmtpTransport } from '../mail/transport.js'
import { describeSmtp, type SmtpFailure } from './doctor/smtp-redis-templates.js'
import { Refusal } from './refusal.js'

const limits = { connect: 10_000, greeting: 10_000, answer: 30_000 }

/**
 * Sends one mail now, as people get it: the sender, the signature, the templates and the server of the
 * settings. It does not go through the outbox, so that the answer of the server can be shown.
 *
 * @returns where it was sent.
 * @throws {Refusal} with the reason of the server, or because no mail can be sent.
 */
export async function sendTestMail(
  { config, clock }: Pick<Deps, 'config' | 'clock'>,
  { address, locale }: { readonly address: string; readonly locale: string }
): Promise<{ recipient: string; server: string }> {
  const recipient = canonicalAddress(address)
  if (recipient === null) throw new Refusal(`${address} is not an e-mail address.`)
  if (config.EMAIL_DISABLED) throw new Refusal('EMAIL_DISABLED is true: no mail can be sent.')
  if (config.EMAIL_HOST === null)
    throw new Refusal('EMAIL_HOST is not set: mails go only to the development mailbox.')
  const server = `${config.EMAIL_HOST}:${config.EMAIL_PORT}`
  const now = clock()
  const rendered = createRenderer(config).mail('test', locale, { when: now.toISOString() })
  const transport = createSmtpTransport(config, { connections: 1, limits })
  try {
    await transport.send({
      id: newId(),
      template: 'test',
      recipient,
      createdAt: now,
      link: null,
      ...rendered
    })
  } catch (error) {
    throw new Refusal(reasonOf(error as SmtpFailure & { readonly response?: string }, server))
  } finally {
    transport.close()
  }
  return { recipient, server }
}

function reasonOf(failure: SmtpFailure & { readonly response?: string }, server: string): string {
  const { code, response } = failure
  return response !== undefined && code !== 'EAUTH'
    ? `The SMTP server at ${server} refuses the mail: ${response.slice(0, 200)}`
    : describeSmtp(failure, server)
}
