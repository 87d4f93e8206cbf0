import { buildBackground } from './background.js'
import { type Config, ConfigError, loadConfig } from './base/config/load.js'
import { version } from './base/version.js'
import { tellTerminal } from './start-process.js'
import { stopGracefully } from './stop-gracefully.js'

/** Starts the process that sends mails and events and runs maintenance. It runs until a signal ends it. */
export async function runWorker(): Promise<void> {
  const config: Config = { ...loadConfig(), MAIL_WORKER: true }
  requireWork(config)
  const app = await buildBackground(config)
  // Nobody sends it requests, so there is nothing to drain.
  stopGracefully(app, 0, () => app.close())
  await app.ready()
  const told = `Postern ${version} sends ${whatIsSent(config).join(' and ')}`
  app.log.info(told)
  tellTerminal(told)
}

/** What this process sends, and where to. The path of a webhook may be a secret. */
const whatIsSent = (config: Config): string[] => [
  ...(config.EMAIL_DISABLED ? [] : [`mails through ${config.EMAIL_HOST}:${config.EMAIL_PORT}`]),
  ...(config.EVENTS_WEBHOOK_URL === null
    ? []
    : [`events to ${new URL(config.EVENTS_WEBHOOK_URL).origin}`])
]

function requireWork({ DATABASE_URL, EMAIL_HOST, EMAIL_DISABLED, EVENTS_WEBHOOK_URL }: Config) {
  const rules: [boolean, string][] = [
    [
      EMAIL_DISABLED && EVENTS_WEBHOOK_URL === null,
      'EMAIL_DISABLED is true, and EVENTS_WEBHOOK_URL is not set: there is nothing to send.'
    ],
    [
      DATABASE_URL === null,
      'DATABASE_URL must be set: with the embedded database the service sends mails itself.'
    ],
    [
      EMAIL_HOST === null && !EMAIL_DISABLED,
      'EMAIL_HOST must be set: without it the service shows mails at /dev/mailbox/.'
    ]
  ]
  const problems = rules.filter(([broken]) => broken).map(([, sentence]) => sentence)
  if (problems.length > 0) throw new ConfigError(problems)
}
