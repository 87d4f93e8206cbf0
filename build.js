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
  rmSync,
  writeFileSync
} from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = fileURLToPath(new URL('.', import.meta.url))
const inRoot = path => join(root, path)
const dist = inRoot('dist')
const stamp = inRoot('dist/.built-from')
const program = inRoot('dist/postern.js')

// What node starts, as a program or as a thread. All of it lies in one folder, so that a thread is found
// beside the module that starts it.
const entries = {
  server: 'src/server.ts',
  worker: 'src/worker.ts',
  postern: 'src/operator/cli/main.ts',
  'hash-worker': 'src/passwords/hash-worker.ts',
  'strength-worker': 'src/passwords/strength-worker.ts'
}

// The licences of the packages whose code is in the bundle.
const licences = ['typebox/license', '@prisma/client/LICENSE']

const kit = 'tsconfig.kit.json'
const generated = inRoot('src/base/database/client')
const sources = [
  'build.js',
  'src',
  'plugins',
  'routes',
  'prisma/schema.prisma',
  'package.json',
  'tsconfig.json',
  kit
]

const [mode] = process.argv.slice(2)

async function run() {
  // A package from a registry has no sources: it was built before it was packed.
  if (!existsSync(inRoot('src'))) return
  const digest = mode === undefined ? undefined : digestOfSources()
  if (digest !== undefined && isBuilt(digest)) return
  const obstacle = mode === undefined ? undefined : await findObstacle()
  if (obstacle === undefined) return build(digest ?? digestOfSources())
  if (existsSync(program))
    process.stderr.write(
      `The build is older than the sources, or a file of it is missing. It is used as it is: ${obstacle}.\n`
    )
  else if (mode === '--if-possible') process.stderr.write(`Nothing was built: ${obstacle}.\n`)
  else
    throw new Error(
      `Postern was not built yet, and cannot be built here: ${obstacle}. As the owner of the files run: npm ci && npm run build`
    )
}

async function build(digest) {
  const run = (script, ...args) =>
    execFileSync(process.execPath, [inRoot(script), ...args], { cwd: root, stdio: 'inherit' })
  run('prisma/generate.js')
  const written = await bundle()
  for (const name of readdirSync(dist).filter(name => !written.has(name)))
    rmSync(join(dist, name), { recursive: true, force: true }) // of an earlier build
  const texts = licences.map(
    path => `${path}\n\n${readFileSync(inRoot(`node_modules/${path}`), 'utf8')}`
  )
  writeFileSync(join(dist, 'LICENSES.txt'), texts.join('\n\n'))
  run('node_modules/typescript/bin/tsc', '-p', kit)
  chmodSync(program, 0o755)
  writeFileSync(stamp, [digest, ...filesIn(dist).map(path => relative(dist, path))].join('\n'))
}

/** Whether dist is made from these sources, and no file of it is missing. */
function isBuilt(digest) {
  const [from, ...files] = read(stamp)?.split('\n') ?? []
  return from === digest && files.every(name => existsSync(join(dist, name)))
}

/**
 * Writes the service as about sixty modules and returns their names. Its sources and the library that schemas are
 * written with are 730 modules, half of them of that library. Loading them one by one took a third of a start. All
 * other packages stay outside. Types are not checked here but by `npm test`.
 */
async function bundle() {
  const { build } = await import('rolldown')
  const { output } = await build({
    cwd: root,
    input: entries,
    platform: 'node',
    // Not a path, also not one of Windows with its drive.
    external: id =>
      /^[@a-z](?!:)/.test(id) &&
      !/^(@fastify\/type-provider-)?typebox|\.wasm-base64\.mjs$/.test(id),
    resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
    plugins: [compilerAsBytes],
    output: { dir: dist, chunkFileNames: '[name].js', assetFileNames: '[name][extname]' }
  })
  return new Set(output.map(({ fileName }) => fileName))
}

/**
 * Prisma brings the WebAssembly of its compiler as base64 in a module, and a module stays in memory, its source beside
 * its value. As a file of bytes it takes 10 MB less. Prisma's `Buffer.from(wasm, 'base64')` copies bytes as they are.
 */
const compilerAsBytes = {
  name: 'compiler-as-bytes',
  async load(id) {
    if (!id.endsWith('.wasm-base64.mjs')) return null
    const { wasm } = await import(pathToFileURL(id))
    const source = Buffer.from(wasm, 'base64')
    const file = this.emitFile({ type: 'asset', name: 'query-compiler.wasm', source })
    return `import { readFileSync } from 'node:fs'
export const wasm = readFileSync(new URL(import.meta.ROLLUP_FILE_URL_${file}))`
  }
}

/** Why this user cannot build here, if so. */
async function findObstacle() {
  for (const name of ['typescript', 'prisma', 'rolldown'])
    if (!existsSync(inRoot(`node_modules/${name}/package.json`)))
      return `the package ${name} is not installed`
  const written = [
    existsSync(dist) ? dist : root,
    existsSync(generated) ? generated : join(generated, '..')
  ]
  const unwritable = written.map(notWritable).find(reason => reason !== undefined)
  if (unwritable !== undefined) return unwritable
  try {
    await import('rolldown')
  } catch {
    return 'the package rolldown has no native code here: npm ci installs it, without --omit=optional'
  }
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
  for (const file of sources.flatMap(path => filesIn(inRoot(path))))
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
  await run()
} catch (error) {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
