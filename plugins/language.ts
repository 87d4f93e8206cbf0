import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { openLanguages } from '../src/base/i18n/languages.js'
import type { Texts } from '../src/base/i18n/texts.js'

/** The language of an answer. */
export type Language = {
  /** That of the account that asks, else of its browser; worked out when first read. */
  readonly tag: string
  /** A sentence in it, for the answer. */
  readonly texts: Texts
  /** The tag, for an answer that is written in it: the answer then says which language it is in. */
  use(): string
}

declare module 'fastify' {
  interface FastifyRequest {
    readonly language: Language
  }
}

/** Every answer that holds a sentence says in which language, and that another asker gets another. */
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
