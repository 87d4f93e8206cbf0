import { type Config, ConfigError } from '../../base/config/load.js'
import { createRenderer } from '../../base/views/renderer.js'
import { pingRedis } from '../../limits/redis-counter.js'
import { createSmtpTransport } from '../../mail/transport.js'
import { type Finding, findingsOf } from './finding.js'

const limits = { connect: 5000, greeting: 5000, answer: 10_000 }

/** Connects to the SMTP server with the TLS and sign-in of the settings. Sends no mail. */
export async function examineSmtp(config: Config): Promise<Finding[]> {
  const { ok, warn, fail } = findingsOf('smtp')
  if (config.EMAIL_DISABLED) return [ok('EMAIL_DISABLED is true: no mail is sent.')]
  if (config.EMAIL_HOST === null)
    return [warn('EMAIL_HOST is not set: mails go only to the development mailbox.')]
  const at = `${config.EMAIL_HOST}:${config.EMAIL_PORT}`
  try {
    const transport = createSmtpTransport(config, { connections: 1, limits })
    await transport.verify().finally(() => transport.close())
    return [
      ok(
        `The SMTP server at ${at} ${seen(config)}. Whether it accepts mails is known only when one is sent.`
      )
    ]
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(fail)
    return [fail(describeSmtp(error as SmtpFailure, at))]
  }
}

/**
 * Describes only what was checked. The server may still refuse a sender or a recipient, and a server
 * without sign-in has not seen the password.
 */
function seen({ EMAIL_HOST_USER, EMAIL_USE_TLS, EMAIL_USE_SSL }: Config): string {
  const facts = [
    'answers',
    ...(EMAIL_USE_TLS || EMAIL_USE_SSL ? ['has a certificate that is trusted'] : []),
    ...(EMAIL_HOST_USER === null ? [] : ['does not refuse EMAIL_HOST_USER'])
  ]
  return new Intl.ListFormat('en-GB').format(facts)
}

export type SmtpFailure = Error & { readonly code?: string; readonly responseCode?: number }

/** The sentence for a failure of the SMTP server at `at`, which says what to check. */
export function describeSmtp(
  { code = '', message, responseCode }: SmtpFailure,
  at: string
): string {
  const isCertificate = /certificate|altname|self.signed/i.test(message)
  const rules: [boolean, string][] = [
    [
      code === 'EAUTH',
      `The SMTP server at ${at} refuses the sign-in (${responseCode ?? code}). Check EMAIL_HOST_USER and EMAIL_HOST_PASSWORD.`
    ],
    [
      isCertificate,
      `The certificate of the SMTP server at ${at} is not trusted: ${message}. EMAIL_HOST must be a name in the certificate. For a private CA or a self-signed certificate, set NODE_EXTRA_CA_CERTS to a PEM file, in the environment and not in .env.`
    ],
    [
      /wrong version number|SSL routines|packet length/i.test(message),
      `The SMTP server at ${at} does not use TLS from the first byte. Use EMAIL_USE_TLS (usually port 587) instead of EMAIL_USE_SSL.`
    ],
    [
      code === 'ETLS' || /STARTTLS/i.test(message),
      `The SMTP server at ${at} does not offer STARTTLS, which EMAIL_USE_TLS requires.`
    ],
    [
      code === 'EDNS' || /ENOTFOUND|EAI_AGAIN/.test(message),
      `The name in EMAIL_HOST cannot be resolved (${at}). Is it spelt correctly?`
    ],
    [
      /ECONNREFUSED/.test(message),
      `No server listens at ${at}. Check EMAIL_HOST and EMAIL_PORT, and that the SMTP server runs.`
    ],
    [
      code === 'ETIMEDOUT' || /timeout|greeting never/i.test(message),
      `The SMTP server at ${at} does not answer in time. Does a firewall block it, or does the port use another kind of TLS?`
    ]
  ]
  const [known] = rules.filter(([applies]) => applies)
  return known?.[1] ?? `The SMTP server at ${at} cannot be used: ${code} ${responseCode ?? ''}.`
}

/** Checks whether Redis answers. Without it each instance counts requests separately. */
export async function examineRedis({ REDIS_URL }: Config): Promise<Finding[]> {
  const { ok, fail } = findingsOf('redis')
  if (REDIS_URL === null) return []
  const { hostname, port } = new URL(REDIS_URL)
  const at = `${hostname}:${port || 6379}`
  try {
    await pingRedis(REDIS_URL)
    return [ok(`Redis answers at ${at}.`)]
  } catch (error) {
    const { message } = error as Error
    const reason = /WRONGPASS|NOAUTH/.test(message)
      ? 'refuses the user or password of REDIS_URL'
      : 'does not answer'
    return [fail(`The Redis at ${at} ${reason}: each instance counts requests separately.`)]
  }
}

/** Compiles every template, and renders every page and mail if an operator replaced templates. */
export function examineTemplates(config: Config): Finding[] {
  const { ok, fail } = findingsOf('templates')
  try {
    createRenderer(config)
    return [ok('Every page and mail can be rendered.')]
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(fail)
    throw error
  }
}
