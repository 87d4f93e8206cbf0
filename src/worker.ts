import { ConfigError } from './base/config/load.js'
import { version } from './base/version.js'
import { runWorker } from './run-worker.js'
import { describeFailure } from './start-failure.js'

const helpText = `Usage: npm run worker [-- --help | --version]

Sends the mails of the service from a process of its own. Give it the settings of
the service; it needs DATABASE_URL, SECRET_KEY and EMAIL_HOST. Any number of
workers may run. Set MAIL_WORKER=false for the service where only these shall send.
`

const say = (line: string) => process.stdout.write(`${line}\n`)

/** `npm run worker`. */
async function main(args: readonly string[]) {
  if (args.includes('--help') || args.includes('-h')) return say(helpText)
  if (args.includes('--version') || args.includes('-v')) return say(version)
  if (args.length > 0) throw new ConfigError([`Unknown argument ${args[0]}. Try --help.`])
  await runWorker()
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${describeFailure(error)}\n`)
  process.exit(1)
})
