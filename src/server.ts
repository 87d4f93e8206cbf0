import closeWithGrace from 'close-with-grace'
import { buildApp } from './app.js'
import { helpText } from './config/help.js'
import { type Config, ConfigError, loadConfig } from './config/load.js'
import { openEmbedded } from './database/embedded.js'
import { hasDevMailbox } from './outbox/dev-mailbox.js'
import { describeFailure } from './start-failure.js'
import { version } from './version.js'

const say = (line: string) => process.stdout.write(`${line}\n`)

/** The process: settings, database, service, signals. Whatever stops a start is one sentence and exit code 1. */
async function main(args: readonly string[]) {
  if (args.includes('--help') || args.includes('-h')) return say(helpText)
  if (args.includes('--version') || args.includes('-v')) return say(version)
  if (args.length > 0) throw new ConfigError([`Unknown argument ${args[0]}. Try --help.`])

  const given = loadConfig()
  const embedded =
    given.DATABASE_URL === null
      ? await openEmbedded({ dataDir: given.DATA_DIR, onProgress: say })
      : null
  const config: Config = { ...given, DATABASE_URL: embedded?.url ?? given.DATABASE_URL }
  try {
    const app = await buildApp(config)
    for (const warning of config.warnings) app.log.warn(warning)
    closeWithGrace({ delay: 15_000 }, async ({ err }) => {
      if (err !== undefined) app.log.fatal({ err }, 'stopping after an error nobody handled')
      await app.close()
      await embedded?.close()
    })
    await app.listen({ host: config.HOST, port: config.PORT })
    announce(config, app.listeningOrigin)
  } catch (error) {
    await embedded?.close()
    throw error
  }
}

function announce(config: Config, listening: string) {
  const at = config.PUBLIC_URL
  say(`\nPostern ${version} listens on ${listening}\n`)
  say(`  API    ${at}${config.BASE_PATH}/`)
  say(`  Docs   ${at}/docs/`)
  if (hasDevMailbox(config) && config.MAIL_WORKER)
    say(`  Mails  ${at}${config.BASE_PATH}/dev/mailbox/`)
  say('')
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${describeFailure(error)}\n`)
  process.exitCode = 1
})
