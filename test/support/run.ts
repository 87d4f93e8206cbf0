// `npm test`: one database server for all tests, then Node's own test runner. Arguments are files (default:
// those of this pass, see passes.ts; with --all every file) and options of `node --test`, such as
// --test-name-pattern=….
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { packageRoot } from '../../src/base/package-root.js'
import { entry } from './entry.js'
import { isLeftOut } from './passes.js'
import { startTestServer } from './test-server.js'

// Node starts programs in the order of their names: a long one that starts last runs on alone.
const longestFirst = ['features', 'races', 'cli', 'browser', 'properties', 'database', 'mail']
/** Folders whose tests take longer than half of a run are cut into so many programs. */
const parts: Readonly<Record<string, number>> = { features: 2, races: 2, cli: 2, browser: 2 }

const args = process.argv.slice(2)
const everything = args.includes('--all')
const options = args.filter(arg => arg.startsWith('-') && arg !== '--all')
const named = args.filter(arg => !arg.startsWith('-'))
const files = named.length > 0 ? named.map(compiledFrom) : await writeGroups()

const server = await startTestServer()
const child = spawn(
  process.execPath,
  [
    '--enable-source-maps',
    '--test',
    '--test-reporter=spec',
    // A file that cannot end, or a test that waits for ever, fails instead of holding up the run.
    '--test-force-exit',
    '--test-timeout=900000',
    // Much of a test is waiting for another process.
    `--test-concurrency=${availableParallelism() + 1}`,
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

function compiledFrom(file: string): string {
  return entry(relative(packageRoot, resolve(file)).replace(/\.ts$/, '.js'))
}

/**
 * One program for each folder of tests, or a few: in a process of its own, a file spends more on
 * loading and warming up the service than on its tests.
 */
async function writeGroups(): Promise<string[]> {
  const folder = join(packageRoot, 'test')
  // The clients that a test generates have packages of their own.
  const isOurs = (file: string) => file.endsWith('.test.ts') && !file.includes('node_modules')
  const all = (await readdir(folder, { recursive: true })).filter(isOurs)
  const pass = process.env.TEST_DATABASE_URL === undefined ? 'embedded' : 'server'
  const files = all.filter(file => everything || !isLeftOut(file, pass))
  if (files.length < all.length)
    console.log(
      `${files.length} of ${all.length} files; the others do not depend on the database: npm run test:all`
    )
  const groups = new Set(files.map(dirname))
  const programs = await Promise.all(
    Array.from(groups, group => {
      const name = group === '.' ? 'general' : group
      const rank = longestFirst.includes(name) ? longestFirst.indexOf(name) : 9
      const members = files.filter(file => dirname(file) === group).sort()
      const count = parts[name] ?? 1
      return Promise.all(
        Array.from({ length: count }, async (_, part) => {
          const program = entry(`test/${rank}-${name}-${part + 1}.group.js`)
          const own = members.filter((_, index) => index % count === part)
          const imports = own.map(file => `import './${file.replace(/\.ts$/, '.js')}'\n`)
          await writeFile(program, imports.join(''))
          return program
        })
      )
    })
  )
  return programs.flat()
}
