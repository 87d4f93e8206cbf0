import { readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { packageRoot } from '../package-root.js'

/** The folder of the catalogues, a file each. */
export const localesFolder = join(packageRoot, 'views', 'locales')

/** The language that what a catalogue lacks is told in. */
export const sourceLanguage = 'en'

/** The languages there is a catalogue of, the source language first. */
export const languageNames: readonly string[] = [
  sourceLanguage,
  ...readdirSync(localesFolder)
    .filter(file => file.endsWith('.json'))
    .map(file => basename(file, '.json'))
    .filter(name => name !== sourceLanguage)
    .sort()
]

const byLanguage = new Map(languageNames.map(name => [spoken(name), name]))

/** The language that serves somebody who asks for a tag, if there is one. */
export const languageFor = (tag: string): string | undefined => byLanguage.get(spoken(tag))

/**
 * A tag as language and script, the likely script where it names none (BCP 47, CLDR): zh-TW and
 * zh-HK are zh-Hant, pt and pt-PT are the Portuguese that there is.
 */
function spoken(tag: string): string | null {
  try {
    const { language, script } = new Intl.Locale(tag).maximize()
    return `${language}-${script}`
  } catch {
    return null
  }
}
