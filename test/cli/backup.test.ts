import assert from 'node:assert/strict'
import { chmod, mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { knownMigrations, migrate } from '../../src/base/database/migrate.js'
import { startApp, startAppOn } from '../support/app.js'
import { atEnd, removeDataDirectory } from '../support/at-end.js'
import { beside, type Run, startCommands } from '../support/cli.js'
import { createTestDatabase, lookInto } from '../support/database.js'
import { newClient, newMember, refresh, refreshCookie, signedIn } from '../support/people.js'

let unwind: (() => unknown) | undefined
after(() => unwind?.())
const ending = {
  after: (hook: () => unknown) => {
    unwind = hook
  }
} as Pick<TestContext, 'after'>

let running: ReturnType<typeof startCommands> | undefined
const postern = (args: string[], env: Readonly<Record<string, string>>): Promise<Run> => {
  running ??= startCommands(ending)
  return running(args, env)
}

async function folder(t: TestContext) {
  const path = await mkdtemp(join(tmpdir(), 'postern-backup-'))
  await chmod(path, 0o711) // for the user that runs PostgreSQL when we are root
  atEnd(t, () => removeDataDirectory(path))
  const passphrase = join(path, 'passphrase')
  await writeFile(passphrase, 'a long passphrase\n')
  return { path: (name: string) => join(path, name), sealed: ['--passphrase-file', passphrase] }
}

async function emptyDatabase(t: TestContext): Promise<string> {
  const { url, drop } = await createTestDatabase({ empty: true })
  atEnd(t, drop)
  return url
}

function done({ code, out, err }: Run): string {
  assert.equal(code, 0, err)
  return out
}

/** The rows of a file that is not encrypted. */
async function contentOf(file: string): Promise<string[]> {
  const bytes = await readFile(file)
  const start = bytes.indexOf('\n', bytes.indexOf('\n') + 1) + 1
  const lines = gunzipSync(bytes.subarray(start)).toString().trim().split('\n')
  return lines.slice(0, -1).sort()
}

test('OPS-14 everything goes from a server to the embedded database and back, and people go on', async t => {
  const { path, sealed } = await folder(t)
  const service = await startApp(t)
  const { person, client } = await newMember(service)
  await lookInto(service.databaseUrl).query(
    `UPDATE "User" SET "firstName" = E'Zoë \\\\ "quoted", {braces}\\tand a tab', "lastName" = '日本🙂'`
  )
  // A trigger would refuse this right as a new one: it is of an address that the account has left.
  await lookInto(service.databaseUrl).query(`
    INSERT INTO "UndoRight" ("userId", "address", "createdAt", "expiresAt")
      SELECT "id", "email", now(), now() + interval '1 day' FROM "User"`)
  await lookInto(service.databaseUrl).query(`UPDATE "User" SET "email" = 'later@example.com'`)
  for (let n = 0; n < 2; n++) await newMember(service)
  const direct = beside(service.databaseUrl)
  assert.match(done(await postern(['backup', path('one')], direct)), /^Wrote \d+ rows, of 3 people/)
  assert.equal((await stat(path('one'))).mode & 0o777, 0o600)

  const { DATABASE_URL: _, ...settings } = direct
  const embedded = { ...settings, DATA_DIR: path('data') }
  done(await postern(['restore', path('one')], embedded))
  done(await postern(['backup', path('two'), ...sealed], embedded))
  const url = await emptyDatabase(t)
  const restored = await postern(['restore', path('two'), ...sealed, '--json'], beside(url))
  assert.equal(JSON.parse(done(restored)).people, 3)
  done(await postern(['backup', path('three')], beside(url)))
  assert.deepEqual(await contentOf(path('three')), await contentOf(path('one')))

  const later = await startAppOn(t, url)
  await signedIn(later, { ...person, email: 'later@example.com' })
  const moved = newClient(later)
  moved.cookies.set(refreshCookie, client.refreshToken as string)
  assert.equal((await refresh(moved)).statusCode, 200, 'a session goes on')
})

test('OPS-14 a backup of an earlier version is brought up to this one', async t => {
  const { path } = await folder(t)
  const [early, late] = [await emptyDatabase(t), await emptyDatabase(t)]
  const known = await knownMigrations()
  await migrate({ url: early, only: known.slice(0, -1) })
  done(await postern(['backup', path('early')], beside(early)))
  done(await postern(['restore', path('early')], beside(late)))
  const { rows } = await lookInto(late).query('SELECT migration_name FROM _prisma_migrations')
  assert.deepEqual(rows.map(row => row.migration_name).sort(), known)

  await lookInto(
    late
  ).query(`INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at)
    VALUES ('x', 'x', '99990101000000_future', now())`)
  done(await postern(['backup', path('future')], beside(late)))
  const refused = await postern(['restore', path('future')], beside(await emptyDatabase(t)))
  assert.match(refused.err, /migration 99990101000000_future this version does not know/)
})

test('OPS-14 what is cut short, changed, foreign or of another passphrase leaves nothing behind', async t => {
  const { path, sealed } = await folder(t)
  const service = await startApp(t)
  await newMember(service)
  const from = beside(service.databaseUrl)
  done(await postern(['backup', path('plain')], from))
  done(await postern(['backup', path('sealed'), ...sealed], from))
  const url = await emptyDatabase(t)

  async function refused(told: RegExp, file: string, ...args: string[]) {
    const { code, err } = await postern(['restore', file, ...args], beside(url))
    assert.equal(code, 1, err)
    const sentence = err.split('\n').filter(line => line !== '' && !/^Applying/.test(line))
    assert.equal(sentence.length, 1, err)
    assert.match(sentence[0] as string, told)
  }
  const damaged = async (name: string, change: (bytes: Buffer) => Buffer) => {
    await writeFile(path('damaged'), change(await readFile(path(name))))
    return path('damaged')
  }
  for (const [name, options] of [
    ['plain', []],
    ['sealed', sealed]
  ] as const) {
    for (const share of [0.999, 0.9, 0.01])
      await refused(
        share < 0.1 ? /no backup|not complete/ : /is not complete/,
        await damaged(name, bytes => bytes.subarray(0, Math.floor(bytes.length * share))),
        ...options
      )
    for (const place of [-2, -40, -200])
      await refused(
        /was changed or damaged|is not complete/,
        await damaged(name, bytes => {
          const at = bytes.length + place
          bytes.writeUInt8((bytes[at] as number) ^ 0x10, at)
          return bytes
        }),
        ...options
      )
    await refused(
      /was changed or damaged/,
      await damaged(name, bytes =>
        Buffer.from(bytes.toString('latin1').replace('"version":"0', '"version":"1'), 'latin1')
      ),
      ...options
    )
  }
  await writeFile(path('other'), 'another passphrase')
  await refused(/The passphrase is not the one/, path('sealed'), '--passphrase-file', path('other'))
  await refused(/is encrypted\. Give its passphrase/, path('sealed'))
  await refused(/is not encrypted/, path('plain'), ...sealed)
  await refused(/is no backup of Postern/, path('passphrase'))
  await refused(/cannot be read \(ENOENT\)/, path('none'))
  done(await postern(['restore', path('plain')], beside(url)))
  await refused(/is not empty: there are rows in "\w+"/, path('plain'))
  const again = await postern(['backup', path('plain')], from)
  assert.match(again.err, /plain exists\. Give the name of a new file/)
  const nowhere = await postern(['backup', path('no/such/folder')], from)
  assert.match(nowhere.err, /^.*folder cannot be written \(ENOENT\)\.\n$/)
  assert.deepEqual(
    (await readdir(path('.'))).filter(name => name.endsWith('.partial')),
    []
  )
})

test('OPS-14 the schema has no sequence, whose position a backup would have to keep', async t => {
  const { url, drop } = await createTestDatabase()
  atEnd(t, drop)
  const { rows } = await lookInto(url).query('SELECT * FROM pg_sequences')
  assert.deepEqual(rows, [])
})
