import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import test from 'node:test'
import { packageRoot } from '../src/base/package-root.js'

const page = 'docs/requirements.md'
const notHeld = 'Not held by a test'

/** Where ids may be used. Pages beside `package.json` are read too. */
const folders = ['src', 'plugins', 'routes', 'prisma', 'views', 'test', 'bench', 'docs']

/** Where every reference leads somewhere. `src` follows. */
const foldersWithoutDeadReferences = ['src', 'plugins', 'routes', 'test', 'bench', 'docs', 'views']

/** Chapters and numbers of documents that a reader of this repository does not have. */
const deadReferences = [
  /\bcontract[\s*]+(?:[A-F]\b|\d)/i,
  /\bdesign[\s*]+rule/i,
  /\b[A-F]\.\d+\.\d+\b/,
  /(?<![#\w])D(?:1[0-2]|[1-9])\b/
]

type File = { readonly path: string; readonly text: string }

async function filesIn(names: readonly string[]): Promise<File[]> {
  const paths = (await readdir(packageRoot)).filter(name => name.endsWith('.md'))
  for (const folder of names) {
    for (const name of await readdir(join(packageRoot, folder), { recursive: true }))
      paths.push(`${folder}/${name}`)
  }
  const readable = paths.filter(
    path => /\.(ts|js|md|prisma|sql|hbs|json|css)$/.test(path) && !path.includes('database/client/')
  )
  return Promise.all(
    readable.map(async path => ({ path, text: await readFile(join(packageRoot, path), 'utf8') }))
  )
}

/** The ids in a text. One encoding has a name that looks like an id. */
const idsIn = (text: string): string[] =>
  (text.match(/\b[A-Z]{3}-\d{2}\b/g) ?? []).filter(id => id !== 'UTF-16')

const titlesIn = (text: string): string[] =>
  Array.from(text.matchAll(/\btest\(\s*(['"`])((?:\\.|(?!\1).)*)\1/gs), ([, , title = '']) => title)

const rowsOf = (text: string) =>
  Array.from(
    text.matchAll(/^\| ([A-Z]{3}-\d{2}) \|.*\| ([^|]+) \|$/gm),
    ([, id = '', holds = '']) => ({
      id,
      tests: Array.from(
        holds.matchAll(/`(test\/[^`]+)`(?:: “([^”]+)”)?/g),
        ([, path = '', title]) => ({ path, title })
      )
    })
  )

const [held = '', open = ''] = (await readFile(join(packageRoot, page), 'utf8')).split(
  `## ${notHeld}`
)
const rows = rowsOf(held)
const openRows = rowsOf(open)

test('every id in the repository has one row in the requirements', async () => {
  const listed = [...rows, ...openRows].map(({ id }) => id)
  assert.ok(listed.length > 100, 'the rows were found')
  assert.deepEqual(
    listed.filter((id, index) => listed.indexOf(id) !== index),
    [],
    'listed twice'
  )
  const unknown: string[] = []
  for (const { path, text } of await filesIn(folders)) {
    for (const id of idsIn(text)) if (!listed.includes(id)) unknown.push(`${path}: ${id}`)
  }
  assert.deepEqual(unknown, [], `missing in ${page}`)
})

test('every requirement names a test that holds it', async () => {
  const wrong: string[] = []
  for (const { id, tests } of rows) {
    if (tests.length === 0) wrong.push(`${id} names no test`)
    for (const { path, title } of tests) {
      if (!path.endsWith('.test.ts') || !existsSync(join(packageRoot, path))) {
        wrong.push(`${id}: there is no ${path}`)
        continue
      }
      const text = await readFile(join(packageRoot, path), 'utf8')
      const isHeld =
        title === undefined
          ? titlesIn(text).some(each => idsIn(each).includes(id))
          : text.includes(title)
      if (!isHeld) wrong.push(`${id}: no test of ${path} is called ${title ?? id}`)
    }
  }
  assert.deepEqual(wrong, [])
})

test('a requirement that a test holds is not listed among the others', async () => {
  const files = await filesIn(['test'])
  const titled = new Set(files.flatMap(({ text }) => titlesIn(text).flatMap(idsIn)))
  assert.deepEqual(
    openRows.filter(({ id }) => titled.has(id)),
    []
  )
})

test('no reference points to a document that is not in the repository', async () => {
  const dead: string[] = []
  for (const { path, text } of await filesIn(foldersWithoutDeadReferences)) {
    for (const pattern of deadReferences) {
      const found = pattern.exec(text)
      if (found !== null) dead.push(`${path}: ${found[0]}`)
    }
  }
  assert.deepEqual(dead, [])
})
