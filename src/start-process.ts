import { ConfigError } from './base/config/load.js'
import { version } from './base/version.js'
import { describeFailure } from './start-failure.js'

/** Writes what was asked for, such as the help, to standard output. */
const say = (line: string): void => void process.stdout.write(`${line}\n`)

/**
 * Writes a line for a person who watches. Standard output holds log lines alone, so it goes to standard
 * error, and only if that is a terminal: whoever collects logs gets no other text.
 */
export const tellTerminal = (line: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`${line}\n`)
}

/**
 * Runs a process with the arguments of the command line: `--help`, `--version`, or none to start it. A
 * failed start is one sentence and exit code 1.
 */
export function startProcess(helpText: string, start: () => Promise<void>): void {
  const run = async (args: readonly string[]) => {
    if (args.includes('--help') || args.includes('-h')) return say(helpText)
    if (args.includes('--version') || args.includes('-v')) return say(version)
    if (args.length > 0) throw new ConfigError([`Unknown argument ${args[0]}. Try --help.`])
    await start()
  }
  run(process.argv.slice(2)).catch((error: unknown) => {
    process.stderr.write(`${describeFailure(error)}\n`)
    // An open connection, for example to Redis, would keep the process running.
    process.exit(1)
  })
}
