// `npm test`: one database server for all test files, then Node's own test runner. Arguments are
// files (default: all) and options of `node --test`, such as --test-name-pattern=….
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { packageRoot } from '../../src/package-root.js'
import { startTestServer } from './test-server.js'

const args = process.argv.slice(2)
const options = args.filter(arg => arg.startsWith('-'))
const named = args.filter(arg => !arg.startsWith('-'))
const files = named.length > 0 ? named : await allTestFiles()

const server = await startTestServer()
const child = spawn(
  process.execPath,
  [
    '--import',
    'tsx',
    '--test',
    '--test-reporter=spec',
    // A file that cannot end, or a test that waits for ever, fails instead of holding up the run.
    '--test-force-exit',
    '--test-timeout=420000',
    `--test-concurrency=${availableParallelism()}`,
    ...options,
    ...files
  ],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      POSTERN_TEST_SERVER_URL: server.url,
      POSTERN_TEST_TEMPLATE: server.template
    }
  }
)
// Ctrl-C reaches the child as well; we end after it, in order to stop the server.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => child.kill())
const [code] = await once(child, 'exit')
await server.close()
process.exitCode = code ?? 1

async function allTestFiles(): Promise<string[]> {
  const names = await readdir(join(packageRoot, 'test'), { recursive: true })
  return names
    .filter(name => name.endsWith('.test.ts'))
    .map(name => join(packageRoot, 'test', name))
}
