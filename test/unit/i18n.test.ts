import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { languageNames } from '../../src/base/i18n/language-names.js'
import { openLanguages } from '../../src/base/i18n/languages.js'
import { packageRoot } from '../../src/base/package-root.js'

type Catalogue = Record<string, Record<string, string>>

const folder = join(packageRoot, 'views/locales')
const read = async (language: string): Promise<Catalogue> =>
  JSON.parse(await readFile(join(folder, `${language}.json`), 'utf8')) as Catalogue

const keysOf = (catalogue: Catalogue) =>
  Object.entries(catalogue).flatMap(([section, texts]) =>
    Object.keys(texts).map(key => `${section} ${key}`)
  )
const placeholdersOf = (text: string) => [...new Set(text.match(/\{\w*\}/g) ?? [])].sort()

const languages = openLanguages({ DEFAULT_LOCALE: 'en' })

test('the twelve languages are there', async () => {
  const shipped = [
    'en',
    'cs',
    'de',
    'es',
    'fr',
    'ko',
    'pl',
    'pt-BR',
    'ru',
    'tr',
    'zh-Hans',
    'zh-Hant'
  ]
  assert.deepEqual([...languageNames], shipped)
  assert.equal((await readdir(folder)).length, shipped.length)
})

for (const language of languageNames.slice(1)) {
  test(`${language} says all that English says, with the same placeholders`, async () => {
    const [english, other] = [await read('en'), await read(language)]
    assert.deepEqual(keysOf(other).sort(), keysOf(english).sort())
    for (const [section, texts] of Object.entries(english)) {
      for (const [key, text] of Object.entries(texts)) {
        const translated = other[section]?.[key] ?? ''
        assert.notEqual(translated.trim(), '', `${section} ${key} is empty`)
        assert.deepEqual(
          placeholdersOf(translated),
          placeholdersOf(text),
          `${section} ${key}: ${translated}`
        )
      }
    }
  })

  test(`${language} is not English`, async () => {
    const [english, other] = [await read('en'), await read(language)]
    const same = Object.entries(english).flatMap(([section, texts]) =>
      Object.entries(texts).filter(
        ([key, text]) => other[section]?.[key] === text && / /.test(text)
      )
    )
    assert.deepEqual(same, [])
  })
}

const negotiations: [header: string | undefined, language: string][] = [
  [undefined, 'en'],
  ['', 'en'],
  ['*', 'en'],
  ['de', 'de'],
  ['de-AT,en;q=0.5', 'de'],
  ['en;q=0.5,de-CH;q=0.9', 'de'],
  ['fr;q=0.1,es;q=0.2', 'es'],
  ['nl, sv;q=0.9, pl;q=0.1', 'pl'],
  ['de;q=0, fr', 'fr'],
  ['zh-CN', 'zh-Hans'],
  ['zh-SG', 'zh-Hans'],
  ['zh', 'zh-Hans'],
  ['zh-TW', 'zh-Hant'],
  ['zh-HK', 'zh-Hant'],
  ['zh-Hant-TW', 'zh-Hant'],
  ['pt', 'pt-BR'],
  ['pt-PT', 'pt-BR'],
  ['PT-br', 'pt-BR'],
  ['en-GB', 'en'],
  ['tlh', 'en'],
  ['../../etc/passwd', 'en'],
  ['__proto__, constructor', 'en'],
  ['de_DE', 'en'],
  [`${'x-'.repeat(5000)},de`, 'en']
]

for (const [header, language] of negotiations) {
  test(`Accept-Language ${String(header).slice(0, 40)} is answered in ${language}`, () => {
    assert.equal(languages.negotiate(header), language)
  })
}

test('a stored tag that names no language any more is answered in the default', () => {
  const portuguese = openLanguages({ DEFAULT_LOCALE: 'pt-BR' })
  assert.equal(portuguese.closest('zh-TW'), 'zh-Hant')
  assert.equal(portuguese.closest('nonsense!'), 'pt-BR')
  assert.equal(portuguese.negotiate('nl'), 'pt-BR')
})

test('a text that no catalogue has is a defect, and says which', () => {
  assert.throws(() => languages.texts('de')('errors', 'nonsense'), /errors\.nonsense/)
})

test('a value never becomes a placeholder of its own', () => {
  const told = languages.texts('en')('pages.form', 'failed_title', { title: '{title} $& {x}' })
  assert.equal(told, 'Error: {title} $& {x}')
})
