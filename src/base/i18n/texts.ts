import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TextParams } from '../errors/problem.js'
import { localesFolder, sourceLanguage } from './language-names.js'

type Catalogue = Readonly<Record<string, Readonly<Record<string, string>>>>

/** Finds a sentence and fills its placeholders. Throws an `Error` for an unknown key. */
export type Texts = (section: string, key: string, params?: TextParams) => string

const catalogues = new Map<string, Catalogue>()

function catalogueOf(language: string): Catalogue {
  const catalogue =
    catalogues.get(language) ??
    (JSON.parse(readFileSync(join(localesFolder, `${language}.json`), 'utf8')) as Catalogue)
  catalogues.set(language, catalogue)
  return catalogue
}

/** The texts of one language; missing texts are in the source language. */
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
