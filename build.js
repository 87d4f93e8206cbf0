// Builds the service into dist.
//
//   node build.js                 builds, and fails where it cannot
//   node build.js --if-needed     builds if something changed since the last time; where that is not
//                                 possible, an earlier build is good enough (npm start)
//   node build.js --if-possible   the same, and no build at all is no failure (npm install)
//
// Plain JavaScript without dependencies: it runs before anything is installed or compiled.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  readdirSync,
  readFileSync,
  writeFileSync
} from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('.', import.meta.url))
const inRoot = path => join(root, path)
const dist = inRoot('dist')
const stamp = inRoot('dist/.built-from')
const program = inRoot('dist/src/operator/cli/main.js')

const projects = ['tsconfig.build.json', 'tsconfig.kit.json'].filter(name =>
  existsSync(inRoot(name))
)
const generated = inRoot('src/base/database/client')
const sources = [
  'src',
  'plugins',
  'routes',
  'prisma/schema.prisma',
  'package.json',
  'tsconfig.json'
]

const [mode] = process.argv.slice(2)

function run() {
  // A package from a registry has no sources: it was built before it was packed.
  if (!existsSync(inRoot('src'))) return
  const digest = mode === undefined ? undefined : digestOfSources()
  if (digest !== undefined && existsSync(program) && read(stamp) === digest) return
  const obstacle = mode === undefined ? undefined : findObstacle()
  if (obstacle === undefined) return build(digest ?? digestOfSources())
  if (existsSync(program))
    process.stderr.write(
      `The sources have changed since they were built. The earlier build is used: ${obstacle}.\n`
    )
  else if (mode === '--if-possible') process.stderr.write(`Nothing was built: ${obstacle}.\n`)
  else
    throw new Error(
      `Postern was not built yet, and cannot be built here: ${obstacle}. As the owner of the files run: npm ci && npm run build`
    )
}

function build(digest) {
  const run = (script, ...args) =>
    execFileSync(process.execPath, [script, ...args], { cwd: root, stdio: 'inherit' })
  run(inRoot('prisma/generate.js'))
  for (const project of projects) run(compiler, '-p', project)
  chmodSync(program, 0o755)
  writeFileSync(stamp, digest)
}

const compiler = inRoot('node_modules/typescript/bin/tsc')

/** Why this user cannot build here, if so. */
function findObstacle() {
  for (const name of ['typescript', 'prisma'])
    if (!existsSync(inRoot(`node_modules/${name}/package.json`)))
      return `the package ${name} is not installed`
  const written = [
    existsSync(dist) ? dist : root,
    existsSync(generated) ? generated : join(generated, '..')
  ]
  return written.map(notWritable).find(reason => reason !== undefined)
}

function notWritable(folder) {
  try {
    accessSync(folder, constants.W_OK)
    return undefined
  } catch {
    return `this user cannot write to ${folder}`
  }
}

/** What the build is made from, names and contents. */
function digestOfSources() {
  const digest = createHash('sha256')
  for (const file of [...sources, ...projects].flatMap(path => filesIn(inRoot(path))))
    digest
      .update(`${relative(root, file)}\0`)
      .update(readFileSync(file))
      .update('\0')
  return digest.digest('hex')
}

function filesIn(path) {
  if (path === generated) return []
  try {
    return readdirSync(path)
      .sort()
      .flatMap(name => filesIn(join(path, name)))
  } catch (error) {
    if (error.code === 'ENOTDIR') return [path]
    throw error
  }
}

function read(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}

try {
  run()
} catch (error) {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
