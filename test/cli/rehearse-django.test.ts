import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { promisify } from 'node:util'
import { packageRoot } from '../../src/base/package-root.js'
import { atEnd } from '../support/at-end.js'
import { cheapDump, djangoFile, djangoPeople } from '../support/django.js'
import { entry } from '../support/entry.js'

test('IMP-11 the script of the documentation rehearses the move', { timeout: 120_000 }, async t => {
  const folder = await mkdtemp(join(tmpdir(), 'postern-rehearsal-'))
  atEnd(t, () => rm(folder, { recursive: true }))
  const dump = join(folder, 'dump.json')
  const people = join(folder, 'people.json')
  const tags = ['plain', 'scrypt', 'totp', 'md5']
  await writeFile(dump, JSON.stringify(cheapDump()))
  await writeFile(
    people,
    JSON.stringify({ people: djangoPeople.filter(({ tag }) => tags.includes(tag)) })
  )
  const { PATH = '', HOME = '' } = process.env
  const { stdout } = await promisify(execFile)(
    join(packageRoot, 'docs/deploy/rehearse-django.sh'),
    [dump, djangoFile('jwt-public-key.pem'), people],
    {
      cwd: folder,
      env: {
        PATH,
        HOME,
        TMPDIR: folder,
        ROLES: 'editor:310',
        IMPORT_OPTIONS: '--role 300=editor',
        POSTERN: `${process.execPath} ${entry('src/operator/cli/main.js')}`
      }
    }
  )
  assert.match(stdout, /== dry run[\s\S]*nothing was written[\s\S]*== import\n/)
  assert.match(stdout, /^unchanged: 40, imported: 0, updated: 0$/m)
  assert.match(stdout, /^plain7@example\.com: signed in$/m)
  assert.match(stdout, /^scrypt7@example\.com: signed in$/m)
  assert.match(stdout, /^totp7@example\.com: second factor$/m)
  assert.match(stdout, /^md5x7@example\.com: incorrect_credentials$/m)
  assert.match(stdout, /^plain7@example\.com: session taken over$/m)
  assert.match(stdout, /== done\n$/)
})
