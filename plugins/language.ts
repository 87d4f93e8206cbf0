import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { languageFor } from '../src/base/i18n/language-names.js'
import { openLanguages } from '../src/base/i18n/languages.js'
import type { Texts } from '../src/base/i18n/texts.js'
import { prefersPage, wantsPage } from './http/negotiate.js'

/** The language of an answer. */
export type Language = {
  /**
   * The language that a person has chosen on a page, the account's, or the browser's. It is determined at the
   * first read.
   */
  readonly tag: string
  /** Texts in this language. Reading one marks the answer like {@link use}. */
  readonly texts: Texts
  /** Returns the tag and marks the answer: it gets `Content-Language` and `Vary`. */
  use(): string
}

declare module 'fastify' {
  interface FastifyRequest {
    readonly language: Language
  }
  interface FastifyReply {
    /** Keeps a language for the pages that this browser opens. */
    keepLanguage(tag: string): FastifyReply
  }
}

/** Applications on the same host see it too, so it has the name of the service. */
const cookie = 'postern_language'
const year = 365 * 86_400

/**
 * Adds `Content-Language` and `Vary: Accept-Language` to every answer that contains a text. A page that is
 * asked for with `lang` is in that language, and a cookie keeps it for the pages that follow.
 */
export default fp(
  async fastify => {
    const languages = openLanguages(fastify.deps.config)
    const known = new WeakMap<FastifyRequest, Language>()
    const used = new WeakSet<FastifyRequest>()

    fastify.decorateRequest('language', {
      getter(this: FastifyRequest) {
        const language = known.get(this) ?? languageOf(this)
        known.set(this, language)
        return language
      }
    })

    fastify.decorateReply('keepLanguage', function (this: FastifyReply, tag: string) {
      return this.writeCookie(cookie, tag, { maxAge: year })
    })

    function languageOf(request: FastifyRequest): Language {
      let tag: string | undefined
      const use = () => {
        used.add(request)
        tag ??= tagOf(request)
        return tag
      }
      return {
        get tag() {
          tag ??= tagOf(request)
          return tag
        },
        use,
        texts: (...sentence) => languages.texts(use())(...sentence)
      }
    }

    const tagOf = (request: FastifyRequest): string =>
      askedFor(request) ?? keptFor(request) ?? usualFor(request)

    function usualFor({ bearer, headers }: FastifyRequest): string {
      const stored = bearer?.principal?.user.locale ?? null
      return stored === null
        ? languages.negotiate(headers['accept-language'])
        : languages.closest(stored)
    }

    fastify.addHook('onRequest', (request, reply, done) => {
      const asked = askedFor(request)
      if (asked !== undefined) reply.keepLanguage(asked)
      done()
    })
    fastify.addHook('onSend', (request, reply, payload, done) => {
      if (used.has(request)) {
        reply.header('content-language', request.language.tag)
        reply.header('vary', withLanguage(reply.getHeader('vary')))
      }
      done(null, payload)
    })
  },
  { name: 'language', fastify: '5.x', dependencies: ['deps', 'cookies'] }
)

/** The language that the URL of a page names. */
function askedFor(request: FastifyRequest): string | undefined {
  const { lang } = request.query as Record<string, unknown>
  if (typeof lang !== 'string' || request.method !== 'GET' || !prefersPage(request))
    return undefined
  return languageFor(lang.slice(0, longestTag))
}

/** The language of the cookie. Programs get the language that their headers ask for. */
function keptFor(request: FastifyRequest): string | undefined {
  const kept = request.readCookie(cookie)
  return kept !== null && wantsPage(request) ? languageFor(kept.slice(0, longestTag)) : undefined
}

const longestTag = 35

function withLanguage(vary: string | number | string[] | undefined): string {
  const names = [vary ?? []]
    .flat()
    .join(', ')
    .split(', ')
    .filter(name => name !== '')
  return [...new Set([...names, 'Accept-Language'])].join(', ')
}
