import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { openLanguages } from '../src/base/i18n/languages.js'
import type { Texts } from '../src/base/i18n/texts.js'

/** The language of an answer. */
export type Language = {
  /** The account's language, or else the browser's. It is determined at the first read. */
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
}

/** Adds `Content-Language` and `Vary: Accept-Language` to every answer that contains a text. */
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

    function tagOf({ bearer, headers }: FastifyRequest): string {
      const stored = bearer?.principal?.user.locale ?? null
      return stored === null
        ? languages.negotiate(headers['accept-language'])
        : languages.closest(stored)
    }

    fastify.addHook('onSend', (request, reply, payload, done) => {
      if (used.has(request)) {
        reply.header('content-language', request.language.tag)
        reply.header('vary', withLanguage(reply.getHeader('vary')))
      }
      done(null, payload)
    })
  },
  { name: 'language', fastify: '5.x', dependencies: ['deps'] }
)

function withLanguage(vary: string | number | string[] | undefined): string {
  const names = [vary ?? []]
    .flat()
    .join(', ')
    .split(', ')
    .filter(name => name !== '')
  return [...new Set([...names, 'Accept-Language'])].join(', ')
}
