import Negotiator from 'negotiator'
import { languageFor, languageNames } from './language-names.js'
import { loadTexts, type Texts } from './texts.js'

/** Selects a language and returns its texts. */
export type Languages = {
  /** The best language for an `Accept-Language` header. */
  negotiate(header: string | undefined): string
  /** The language for a stored tag; the default if its catalogue no longer exists. */
  closest(tag: string): string
  texts(language: string): Texts
}

const longestHeader = 512

/** Reads every catalogue once. */
export function openLanguages(config: { readonly DEFAULT_LOCALE: string }): Languages {
  const { DEFAULT_LOCALE: byDefault } = config
  const texts = new Map(languageNames.map(name => [name, loadTexts(name)]))
  return {
    negotiate(header) {
      if (header === undefined) return byDefault
      const headers = { 'accept-language': header.slice(0, longestHeader) }
      for (const tag of new Negotiator({ headers }).languages()) {
        const found = tag === '*' ? byDefault : languageFor(tag)
        if (found !== undefined) return found
      }
      return byDefault
    },
    closest: tag => languageFor(tag) ?? byDefault,
    texts: language => texts.get(language) ?? loadTexts(byDefault)
  }
}
