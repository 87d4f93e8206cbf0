import closeWithGrace from 'close-with-grace'
import Fastify from 'fastify'
import deps from '../plugins/deps.js'
import mailWorker from '../plugins/mail-worker.js'
import readiness from '../plugins/readiness.js'
import { type Config, ConfigError, loadConfig } from './config/load.js'
import { serverOptions } from './server-options.js'
import { describeFailure } from './start-failure.js'
import { version } from './version.js'
import { createRenderer } from './views/renderer.js'

const helpText = `Usage: npm run worker [-- --help | --version]

Sends the mails of the service from a process of its own. Give it the settings of
the service; it needs DATABASE_URL, SECRET_KEY and EMAIL_HOST. Any number of
workers may run. Set MAIL_WORKER=false for the service where only these shall send.
`

const say = (line: string) => process.stdout.write(`${line}\n`)

/** The process that only sends mails: no port, the same settings. */
async function main(args: readonly string[]) {
  if (args.includes('--help') || args.includes('-h')) return say(helpText)
  if (args.includes('--version') || args.includes('-v')) return say(version)
  if (args.length > 0) throw new ConfigError([`Unknown argument ${args[0]}. Try --help.`])

  const config: Config = { ...loadConfig(), MAIL_WORKER: true }
  refuseWithoutWork(config)
  const app = Fastify({ logger: serverOptions(config).logger })
  await app.register(deps, { config, overrides: {} })
  await app.register(readiness)
  app.decorate('renderer', createRenderer(config))
  await app.register(mailWorker)
  closeWithGrace({ delay: 15_000 }, async ({ err }) => {
    if (err !== undefined) app.log.fatal({ err }, 'stopping after an error nobody handled')
    await app.close()
  })
  await app.ready()
  say(`Postern ${version} sends mails through ${config.EMAIL_HOST}:${config.EMAIL_PORT}`)
}

function refuseWithoutWork({ DATABASE_URL, EMAIL_HOST, EMAIL_DISABLED }: Config) {
  const rules: [boolean, string][] = [
    [EMAIL_DISABLED, 'EMAIL_DISABLED is true: there is nothing to send.'],
    [
      DATABASE_URL === null,
      'DATABASE_URL must be set: over the embedded database the service sends mails itself.'
    ],
    [
      EMAIL_HOST === null,
      'EMAIL_HOST must be set: without it the service shows mails itself, at /dev/mailbox/.'
    ]
  ]
  const problems = rules.filter(([broken]) => broken).map(([, sentence]) => sentence)
  if (problems.length > 0) throw new ConfigError(problems)
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${describeFailure(error)}\n`)
  process.exit(1)
})
