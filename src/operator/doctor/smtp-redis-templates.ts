import { type Config, ConfigError } from '../../base/config/load.js'
import { createRenderer } from '../../base/views/renderer.js'
import { pingRedis } from '../../limits/redis-counter.js'
import { createSmtpTransport } from '../../mail/transport.js'
import { type Finding, findingsOf } from './finding.js'

const limits = { connect: 5000, greeting: 5000, answer: 10_000 }

/** Greets the SMTP server, starts TLS and signs in as the settings say, and sends nothing. */
export async function examineSmtp(config: Config): Promise<Finding[]> {
  const { ok, warn, fail } = findingsOf('smtp')
  if (config.EMAIL_DISABLED) return [ok('EMAIL_DISABLED is true: no mail is sent.')]
  if (config.EMAIL_HOST === null)
    return [warn('EMAIL_HOST is not set: mails go to the development mailbox and to nobody else.')]
  const at = `${config.EMAIL_HOST}:${config.EMAIL_PORT}`
  try {
    const transport = createSmtpTransport(config, { connections: 1, limits })
    await transport.verify().finally(() => transport.close())
    return [
      ok(
        `The SMTP server at ${at} ${seen(config)}; whether it takes our mails shows when one is sent.`
      )
    ]
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(fail)
    return [fail(describeSmtp(error as SmtpFailure, at))]
  }
}

/**
 * What was looked at, and no more: a server may still refuse our sender or a recipient, and one that
 * offers no sign-in was never shown the password.
 */
function seen({ EMAIL_HOST_USER, EMAIL_USE_TLS, EMAIL_USE_SSL }: Config): string {
  const facts = [
    'answers',
    ...(EMAIL_USE_TLS || EMAIL_USE_SSL ? ['has a certificate that is trusted'] : []),
    ...(EMAIL_HOST_USER === null ? [] : ['does not refuse EMAIL_HOST_USER'])
  ]
  return new Intl.ListFormat('en-GB').format(facts)
}

type SmtpFailure = Error & { readonly code?: string; readonly responseCode?: number }

function describeSmtp({ code = '', message, responseCode }: SmtpFailure, at: string): string {
  const isCertificate = /certificate|altname|self.signed/i.test(message)
  const rules: [boolean, string][] = [
    [
      code === 'EAUTH',
      `The SMTP server at ${at} refuses to sign us in (${responseCode ?? code}). Check EMAIL_HOST_USER and EMAIL_HOST_PASSWORD.`
    ],
    [
      isCertificate,
      `The certificate of the SMTP server at ${at} is not to be trusted: ${message}. EMAIL_HOST must be the name that it is for. A private CA, or a certificate that is signed by itself, goes into the PEM file that NODE_EXTRA_CA_CERTS names, in the environment and not in .env.`
    ],
    [
      /wrong version number|SSL routines|packet length/i.test(message),
      `The SMTP server at ${at} does not speak TLS from the first byte. Use EMAIL_USE_TLS (usually port 587) instead of EMAIL_USE_SSL.`
    ],
    [
      code === 'ETLS' || /STARTTLS/i.test(message),
      `The SMTP server at ${at} does not offer STARTTLS, which EMAIL_USE_TLS demands.`
    ],
    [
      code === 'EDNS' || /ENOTFOUND|EAI_AGAIN/.test(message),
      `The name in EMAIL_HOST cannot be looked up (${at}). Is it spelt right?`
    ],
    [
      /ECONNREFUSED/.test(message),
      `Nobody listens at ${at}. Check EMAIL_HOST and EMAIL_PORT, and that the SMTP server runs.`
    ],
    [
      code === 'ETIMEDOUT' || /timeout|greeting never/i.test(message),
      `The SMTP server at ${at} does not answer in time. Is there a firewall between, or is the port one for another kind of TLS?`
    ]
  ]
  const [known] = rules.filter(([applies]) => applies)
  return known?.[1] ?? `The SMTP server at ${at} cannot be used: ${code} ${responseCode ?? ''}.`
}

/** Whether the counter of requests is there. Without it each instance counts by itself. */
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
      : 'does not answer, where REDIS_URL points'
    return [fail(`The Redis at ${at} ${reason}: each instance counts requests by itself.`)]
  }
}

/** Compiles every page and mail, and renders those that the deployer replaced. */
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
