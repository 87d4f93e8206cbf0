import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TextParams } from '../errors/problem.js'
import { localesFolder, sourceLanguage } from './language-names.js'

type Catalogue = Readonly<Record<string, Readonly<Record<string, string>>>>

/** Looks a sentence up and fills its placeholders; a key that is missing is a defect and throws. */
export type Texts = (section: string, key: string, params?: TextParams) => string

const catalogues = new Map<string, Catalogue>()

function catalogueOf(language: string): Catalogue {
  const known = catalogues.get(language)
  if (known !== undefined) return known
  const read = JSON.parse(
    readFileSync(join(localesFolder, `${language}.json`), 'utf8')
  ) as Catalogue
  catalogues.set(language, read)
  return read
}

/** The texts of one language; what it lacks is told in the source language. */
export function loadTexts(language: string): Texts {
  const catalogue = catalogueOf(language)
  const fallback = catalogueOf(sourceLanguage)
  return (section, key, params = {}) => {
    const sentence = catalogue[section]?.[key] ?? fallback[section]?.[key]
    if (sentence === undefined)
      throw new Error(`No text ${section}.${key} in ${sourceLanguage}.json.`)
    return sentence.replaceAll(/\{(\w+)\}/g, (placeholder, name: string) =>
      String(params[name] ?? placeholder)
    )
  }
}
