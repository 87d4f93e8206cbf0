import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { packageRoot } from '../../src/package-root.js'
import { secretKey } from './app.js'

export type Run = { readonly code: number | null; readonly out: string; readonly err: string }

type Settings = Readonly<Record<string, string>>

/** The settings that {@link startAppOn} gives a service, for a command beside it. */
export const beside = (databaseUrl: string, settings: Settings = {}): Settings => ({
  DATABASE_URL: databaseUrl,
  SECRET_KEY: secretKey,
  PUBLIC_URL: 'http://localhost:3000',
  ...settings
})

const { PATH = '', HOME = '' } = process.env
const loader = ['--import', import.meta.resolve('tsx')]

/** Starts the command as an operator does: a process of its own, with these settings and no others. */
export async function postern(
  args: readonly string[],
  settings: Settings,
  cwd = packageRoot
): Promise<Run> {
  const main = join(packageRoot, 'src', 'cli', 'main.ts')
  const child = spawn(process.execPath, [...loader, main, ...args], {
    cwd,
    env: { PATH, HOME, ...settings },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const texts = [child.stdout, child.stderr].map(async stream => {
    stream.setEncoding('utf8')
    let text = ''
    for await (const chunk of stream) text += chunk
    return text
  })
  const [code] = (await once(child, 'close')) as [number | null]
  const [out = '', err = ''] = await Promise.all(texts)
  return { code, out, err }
}

/** A process that runs any number of commands, one at a time; it ends with the test. */
export function startCommands(t: Pick<TestContext, 'after'>) {
  const runner: ChildProcess = fork(join(packageRoot, 'test', 'support', 'cli-runner.ts'), {
    cwd: packageRoot,
    execArgv: loader,
    env: { PATH, HOME },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc']
  })
  t.after(async () => {
    runner.kill()
    if (runner.exitCode === null && runner.signalCode === null) await once(runner, 'exit')
  })
  return async (args: readonly string[], settings: Settings): Promise<Run> => {
    runner.send({ args, env: { PATH, HOME, ...settings } })
    const [run] = await once(runner, 'message')
    return run as Run
  }
}
