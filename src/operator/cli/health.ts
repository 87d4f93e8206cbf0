import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import { type Config, loadConfig } from '../../base/config/load.js'
import { Refusal } from '../refusal.js'
import { say } from './output.js'

/** The command that tells a supervisor, such as Docker, whether the process here is well. */
export function healthCommand(program: Command): void {
  program
    .command('health')
    .description('exit with 0 if the service on this machine is ready, else with 1')
    .option('--worker', 'of a worker: its database can be written')
    .addHelpText(
      'after',
      `
It asks /health/ready at HOST and PORT. A worker answers no requests, so its database is asked
instead. In a container whose first process is a worker, --worker is not needed.`
    )
    .action(async ({ worker = isFirstProcessWorker() }: { readonly worker?: boolean }) => {
      const config = loadConfig()
      await (worker ? requireDatabase(config) : requireService(config))
      say('ready')
    })
}

function isFirstProcessWorker(): boolean {
  try {
    return /\0worker\0|worker\.js\0/.test(readFileSync('/proc/1/cmdline', 'latin1'))
  } catch {
    return false
  }
}

const patienceMs = 5000

async function requireService({ HOST, PORT }: Config): Promise<void> {
  const everywhere = new Map([
    ['0.0.0.0', '127.0.0.1'],
    ['::', '[::1]']
  ])
  const host = everywhere.get(HOST) ?? (HOST.includes(':') ? `[${HOST}]` : HOST)
  const url = `http://${host}:${PORT}/health/ready`
  const signal = AbortSignal.timeout(patienceMs)
  const answer = await fetch(url, { signal }).catch((error: Error) => {
    throw new Refusal(
      `No service answers at ${url}: ${(error.cause as Error)?.message ?? error.message}`
    )
  })
  if (!answer.ok) throw new Refusal(`The service at ${url} is not ready (${answer.status}).`)
}

async function requireDatabase(config: Config): Promise<void> {
  if (config.DATABASE_URL === null) throw new Refusal('A worker needs DATABASE_URL.')
  const { openDatabase } = await import('../../base/database/database.js')
  const { checkWritable } = await import('../../limits/check-writable.js')
  const db = openDatabase({
    url: config.DATABASE_URL,
    poolSize: 1,
    statementTimeoutSeconds: patienceMs / 1000,
    preparedStatements: config.DATABASE_PREPARED_STATEMENTS,
    onIdleError: () => undefined
  })
  await checkWritable(db).finally(() => db.close())
}
