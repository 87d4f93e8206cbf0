import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmod, mkdtemp, readdir, realpath, stat } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { embeddedStatus } from '../../src/base/database/embedded.js'
import { atEnd, removeDataDirectory } from '../support/at-end.js'
import { postern } from '../support/cli.js'
import { claimsOf, newClient } from '../support/people.js'
import { startProcess } from '../support/service-process.js'

const publicUrl = 'http://localhost:3000'

const isRoot = process.getuid?.() === 0

/** A directory for an installation without settings, which the user that runs PostgreSQL can reach or not. */
async function emptyDataDir(t: TestContext, mode = 0o711): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-cli-'))
  await chmod(folder, mode)
  const dataDir = join(folder, 'data')
  atEnd(t, async () => {
    const database = await realpath(join(dataDir, 'postgres')).catch(() => folder)
    await removeDataDirectory(database)
    await removeDataDirectory(folder)
  })
  return dataDir
}

test('without settings commands start the embedded database for themselves, alone and together', async t => {
  const DATA_DIR = await emptyDataDir(t)
  const settings = { DATA_DIR, PUBLIC_URL: publicUrl }

  const looked = await postern(['doctor'], settings)
  assert.equal(looked.code, 0, looked.out + looked.err)
  assert.match(looked.out, /no embedded database in DATA_DIR yet/)
  await assert.rejects(readdir(DATA_DIR), { code: 'ENOENT' }, 'a look leaves nothing behind')

  const created = await postern(['admin', 'create', 'ada@example.com'], settings)
  assert.equal(created.code, 0, created.err)
  assert.match(created.out, /^http:\/\/localhost:3000\/registration\/verification\/[\w-]{43}\/\n$/)
  assert.equal((await stat(DATA_DIR)).mode & 0o777, isRoot ? 0o711 : 0o700)
  assert.match(created.err, /No mail is configured\. This is the link/)
  assert.equal((await embeddedStatus(DATA_DIR)).state, 'stopped')

  // Whoever starts it waits for the others before it stops it.
  const runs = await Promise.all(
    [['user', 'list'], ['keys', 'list'], ['purge']].map(args => postern(args, settings))
  )
  for (const { code, err } of runs) assert.equal(code, 0, err)
  assert.match(runs[0]?.out ?? '', /ada@example\.com +superuser +invited/)
  assert.equal((await embeddedStatus(DATA_DIR)).state, 'stopped')
})

test('beside a service that has the embedded database open a command uses it, and leaves it running', async t => {
  const DATA_DIR = await emptyDataDir(t, 0o700)
  const settings = { DATA_DIR, PUBLIC_URL: publicUrl }
  const service = await startProcess(t, settings, ['src/operator/cli/main.js', 'start'])
  assert.equal((await embeddedStatus(DATA_DIR)).pid, service.child.pid)
  // The user of PostgreSQL cannot enter the folder of root, so the log says where the data is.
  const told = service.output().match(/^\{.*"msg":"The database is in [^"]+/gm) ?? []
  const elsewhere = await realpath(join(DATA_DIR, 'postgres'))
  assert.equal(told.length, isRoot ? 1 : 0, service.output())
  if (isRoot) assert.match(told[0] ?? '', new RegExp(`"The database is in ${elsewhere}, because`))

  const created = await postern(['admin', 'create', 'ada@example.com', '--print-link'], settings)
  assert.equal(created.code, 0, created.err)
  const client = newClient(service)
  assert.equal((await client.send('GET', new URL(created.out).pathname)).statusCode, 302)
  const password = 'gigantic purple hat'
  const body = { new_password1: password, new_password2: password }
  const done = await client.send('POST', '/registration/set-password/', body)
  assert.equal(done.statusCode, 200, done.body)
  assert.equal(claimsOf(client.access ?? '').role_name, 'superuser')

  const second = await postern(['start'], { ...settings, PORT: '0' })
  assert.equal(second.code, 1)
  assert.match(second.err, new RegExp(`process ${service.child.pid} has it open`))

  const disabled = await postern(['user', 'disable', 'ada@example.com'], settings)
  assert.equal(disabled.code, 0, disabled.err)
  assert.equal((await client.send('GET', '/user/')).statusCode, 401)
  assert.equal((await embeddedStatus(DATA_DIR)).pid, service.child.pid, 'still running')
  assert.equal((await service.inject({ method: 'GET', url: '/health/ready' })).statusCode, 200)

  // Killed outright, it leaves a database that the next command opens by itself.
  await service.end('SIGKILL')
  const after = await postern(['user', 'list'], settings)
  assert.equal(after.code, 0, after.err)
  assert.match(after.out, /ada@example\.com +superuser +disabled/)
})

test('OPS-26 a port in use is told with its number before a database is created', async t => {
  const DATA_DIR = await emptyDataDir(t)
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  atEnd(t, () => other.close())
  const { port } = other.address() as AddressInfo
  const refused = await postern(['start'], { DATA_DIR, PUBLIC_URL: publicUrl, PORT: String(port) })
  assert.equal(refused.code, 1)
  assert.match(refused.err, new RegExp(`^Another process listens on port ${port}\\. .*\n$`))
  assert.deepEqual(await readdir(DATA_DIR), ['secret.key'])
})
