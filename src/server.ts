import { helpText } from './base/config/help.js'
import { ConfigError } from './base/config/load.js'
import { version } from './base/version.js'
import { runService } from './run-service.js'
import { describeFailure } from './start-failure.js'

const say = (line: string) => process.stdout.write(`${line}\n`)

/** `npm start`. Whatever stops a start is one sentence and exit code 1. */
async function main(args: readonly string[]) {
  if (args.includes('--help') || args.includes('-h')) return say(helpText)
  if (args.includes('--version') || args.includes('-v')) return say(version)
  if (args.length > 0) throw new ConfigError([`Unknown argument ${args[0]}. Try --help.`])
  await runService()
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${describeFailure(error)}\n`)
  // What was opened half-way, a connection to Redis for instance, would keep the process alive.
  process.exit(1)
})
