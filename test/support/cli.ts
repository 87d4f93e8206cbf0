import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import type { TestContext } from 'node:test'
import { secretKey } from './app.js'
import { atEnd } from './at-end.js'
import { entry } from './entry.js'

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

/** Starts the command as an operator does: a process of its own, with these settings and no others. */
export async function postern(
  args: readonly string[],
  settings: Settings,
  cwd = tmpdir()
): Promise<Run> {
  const child = spawn(process.execPath, [entry('src/operator/cli/main.js'), ...args], {
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
  const runner: ChildProcess = fork(entry('test/support/cli-runner.js'), {
    cwd: tmpdir(), // whoever runs the tests may have an .env of their own
    env: { PATH, HOME },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc']
  })
  atEnd(t, async () => {
    runner.kill()
    if (runner.exitCode === null && runner.signalCode === null) await once(runner, 'exit')
  })
  return async (args: readonly string[], settings: Settings): Promise<Run> => {
    runner.send({ args, env: { PATH, HOME, ...settings } })
    const [run] = await once(runner, 'message')
    return run as Run
  }
}
