import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TextParams } from '../errors/problem.js'
import { packageRoot } from '../package-root.js'

type Catalogue = Readonly<Record<string, Readonly<Record<string, string>>>>

/** Looks a sentence up and fills its placeholders; a key that is missing is a defect and throws. */
export type Texts = (section: string, key: string, params?: TextParams) => string

/** The catalogue of one language, read once from `views/locales`. */
export function loadTexts(language: string): Texts {
  const file = join(packageRoot, 'views', 'locales', `${language}.json`)
  const catalogue = JSON.parse(readFileSync(file, 'utf8')) as Catalogue
  return (section, key, params = {}) => {
    const sentence = catalogue[section]?.[key]
    if (sentence === undefined) throw new Error(`No text ${section}.${key} in ${language}.json.`)
    return sentence.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(params[name]))
  }
}
