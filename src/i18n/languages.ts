import Negotiator from 'negotiator'
import { ConfigError } from '../config/load.js'
import { languageNames, loadTexts, type Texts } from './texts.js'

/** Which language somebody is addressed in, and its texts. */
export type Languages = {
  /** The best language for an `Accept-Language` header. */
  negotiate(header: string | undefined): string
  /** The language for a stored tag, which may name one that is gone. */
  closest(tag: string): string
  texts(language: string): Texts
}

const longestHeader = 512

/** Every catalogue, read once. @throws {ConfigError} where `DEFAULT_LOCALE` names none of them. */
export function openLanguages({ DEFAULT_LOCALE: wanted }: { DEFAULT_LOCALE: string }): Languages {
  const byLanguage = new Map(languageNames.map(name => [spoken(name), name]))
  const texts = new Map(languageNames.map(name => [name, loadTexts(name)]))
  const find = (tag: string) => byLanguage.get(spoken(tag))
  const byDefault = find(wanted)
  if (byDefault === undefined)
    throw new ConfigError([`DEFAULT_LOCALE must be one of ${languageNames.join(', ')}.`])

  return {
    negotiate(header) {
      if (header === undefined) return byDefault
      const headers = { 'accept-language': header.slice(0, longestHeader) }
      for (const tag of new Negotiator({ headers }).languages()) {
        const found = tag === '*' ? byDefault : find(tag)
        if (found !== undefined) return found
      }
      return byDefault
    },
    closest: tag => find(tag) ?? byDefault,
    texts: language => texts.get(language) ?? loadTexts(byDefault)
  }
}

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
