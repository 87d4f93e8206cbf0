import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import type { TestContext } from 'node:test'
import { atEnd } from './at-end.js'
import { entry } from './entry.js'

/** Starts `npm run worker` as a process of its own. */
export function startWorkerProcess(t: TestContext, env: Readonly<Record<string, string>>) {
  const child: ChildProcess = spawn(process.execPath, [entry('src/worker.js')], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: tmpdir()
  })
  let output = ''
  const exited = once(child, 'exit') as Promise<[code: number | null, signal: string | null]>
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', chunk => {
      output += chunk
    })
  }
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    return exited
  }
  atEnd(t, () => end('SIGKILL'))
  return { exited, end, output: () => output }
}
