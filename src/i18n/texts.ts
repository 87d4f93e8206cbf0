import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { TextParams } from '../errors/problem.js'
import { packageRoot } from '../package-root.js'

type Catalogue = Readonly<Record<string, Readonly<Record<string, string>>>>

/** Looks a sentence up and fills its placeholders; a key that is missing is a defect and throws. */
export type Texts = (section: string, key: string, params?: TextParams) => string

const folder = join(packageRoot, 'views', 'locales')
const source = 'en'

/** The languages there is a catalogue of, the source language first. */
export const languageNames: readonly string[] = [
  source,
  ...readdirSync(folder)
    .filter(file => file.endsWith('.json'))
    .map(file => basename(file, '.json'))
    .filter(name => name !== source)
    .sort()
]

const catalogues = new Map<string, Catalogue>()

function catalogueOf(language: string): Catalogue {
  const known = catalogues.get(language)
  if (known !== undefined) return known
  const read = JSON.parse(readFileSync(join(folder, `${language}.json`), 'utf8')) as Catalogue
  catalogues.set(language, read)
  return read
}

/** The texts of one language; what it lacks is told in the source language. */
export function loadTexts(language: string): Texts {
  const catalogue = catalogueOf(language)
  const fallback = catalogueOf(source)
  return (section, key, params = {}) => {
    const sentence = catalogue[section]?.[key] ?? fallback[section]?.[key]
    if (sentence === undefined) throw new Error(`No text ${section}.${key} in ${source}.json.`)
    return sentence.replaceAll(/\{(\w+)\}/g, (placeholder, name: string) =>
      String(params[name] ?? placeholder)
    )
  }
}
