import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { onceForEach } from '../once-for-each.js'
import { packageRoot } from '../package-root.js'

/** The folder of the text catalogues: one file for each language. */
export const localesFolder = join(packageRoot, 'views', 'locales')

/** The language of texts that are missing in another catalogue. */
export const sourceLanguage = 'en'

/** The languages that have a catalogue, the source language first. */
export const languageNames: readonly string[] = [
  sourceLanguage,
  ...readdirSync(localesFolder)
    .filter(file => file.endsWith('.json'))
    .map(file => basename(file, '.json'))
    .filter(name => name !== sourceLanguage)
    .sort()
]

/** The name that a language has for itself. */
export const nameOfLanguage = onceForEach(tag => {
  const name = new Intl.DisplayNames([tag], { type: 'language' }).of(tag) ?? tag
  return name.charAt(0).toLocaleUpperCase(tag) + name.slice(1)
})

/** The languages that a person can choose from. */
export const languageChoices = (): { readonly tag: string; readonly name: string }[] =>
  languageNames.map(tag => ({ tag, name: nameOfLanguage(tag) }))

const byLanguage = new Map(languageNames.map(name => [spoken(name), name]))

/** The catalogue for a language tag, if there is one. */
export const languageFor = (tag: string): string | undefined => byLanguage.get(spoken(tag))

/**
 * The language and script of a tag; without a script the most likely one (BCP 47, CLDR). zh-TW and
 * zh-HK become zh-Hant, and pt matches the catalogue pt-BR.
 */
function spoken(tag: string): string | null {
  try {
    const { language, script } = new Intl.Locale(tag).maximize()
    return `${language}-${script}`
  } catch {
    return null
  }
}
