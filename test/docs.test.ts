import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import test from 'node:test'
import { generatedFiles, writtenDefault } from '../docs/generated.js'
import { type Setting, settings } from '../src/base/config/settings.js'
import { packageRoot } from '../src/base/package-root.js'

for (const [name, content] of await generatedFiles()) {
  test(`${name} says what the code says`, async () => {
    const written = await readFile(join(packageRoot, name), 'utf8')
    assert.equal(written, content, `${name} is not current. Run: npm run docs`)
  })
}

test('every default that is documented is one that the setting reads back as its default', () => {
  for (const [name, setting] of Object.entries(settings) as [string, Setting<unknown>][]) {
    const written = writtenDefault(setting)
    if (written === null || written === '') continue
    assert.deepEqual(setting.kind.parse(written), setting.default, name)
  }
})

async function pages(): Promise<string[]> {
  const root = (await readdir(packageRoot)).filter(name => name.endsWith('.md'))
  const docs = await readdir(join(packageRoot, 'docs'), { recursive: true })
  return [...root, ...docs.filter(name => name.endsWith('.md')).map(name => join('docs', name))]
}

test('links between pages lead somewhere', async () => {
  const broken: string[] = []
  for (const page of await pages()) {
    const text = await readFile(join(packageRoot, page), 'utf8')
    for (const [, target = ''] of text.matchAll(/\]\(([^)#\s]+)/g)) {
      const isFile = !/^[a-z]+:/.test(target)
      if (isFile && !existsSync(join(packageRoot, dirname(page), target)))
        broken.push(`${page}: ${target}`)
    }
  }
  assert.deepEqual(broken, [])
})

test('every setting that a page names exists', async () => {
  const known = new Set(
    Object.entries<Setting<unknown>>(settings).flatMap(([name, { secret }]) =>
      secret ? [name, `${name}_FILE`] : [name]
    )
  )
  const prefix =
    /`((?:JWT_ALLAUTH|RATE_LIMIT|LOGIN_FAILURES|ARGON2|HASH|PASSWORD|EMAIL|SECRET)_[A-Z_]+)/g
  const unknown: string[] = []
  for (const page of await pages()) {
    if (page.includes('moving-from') || page === 'CHANGELOG.md') continue
    const text = await readFile(join(packageRoot, page), 'utf8')
    for (const [, name = ''] of text.matchAll(prefix))
      if (!known.has(name)) unknown.push(`${page}: ${name}`)
  }
  assert.deepEqual(unknown, [])
})

test('every fault of the table is held by a requirement', async () => {
  const read = (name: string) => readFile(join(packageRoot, 'docs', name), 'utf8')
  const requirements = await read('requirements.md')
  const [, section = ''] = (await read('operations.md')).split('### Faults\n')
  const [table = ''] = section.split('\n## ')
  const rows = [...table.matchAll(/^\| (.+) \| (.+) \| (.+) \| (.+) \| ([A-Z].+) \|$/gm)]
  assert.ok(rows.length >= 12, 'the rows were found')
  for (const [row, , , , , ids = ''] of rows) {
    assert.ok(ids.length > 0, row)
    for (const id of ids.split(', ')) assert.ok(requirements.includes(`| ${id} |`), row)
  }
})
