import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { type Languages, openLanguages } from '../src/base/i18n/languages.js'
import type { Texts } from '../src/base/i18n/texts.js'

declare module 'fastify' {
  interface FastifyInstance {
    readonly languages: Languages
  }
  interface FastifyRequest {
    /** The language of the account that asks, else of its browser; worked out when first read. */
    readonly locale: string
    /** A sentence in that language. */
    readonly texts: Texts
    spokenLocale: string | null
    usedTexts: boolean
  }
}

/** Every answer that holds a sentence says in which language, and that another asker gets another. */
export default fp(
  async fastify => {
    const languages = openLanguages(fastify.deps.config)
    fastify.decorate('languages', languages)
    fastify.decorateRequest('spokenLocale', null)
    fastify.decorateRequest('usedTexts', false)
    fastify.decorateRequest('locale', {
      getter(this: FastifyRequest) {
        this.spokenLocale ??= localeOf(this)
        return this.spokenLocale
      }
    })
    fastify.decorateRequest('texts', {
      getter(this: FastifyRequest) {
        this.usedTexts = true
        return languages.texts(this.locale)
      }
    })

    function localeOf({ bearer, headers }: FastifyRequest): string {
      const stored = bearer?.user.locale ?? null
      return stored === null
        ? languages.negotiate(headers['accept-language'])
        : languages.closest(stored)
    }

    fastify.addHook('onSend', (request, reply, payload, done) => {
      if (request.usedTexts) {
        reply.header('content-language', request.locale)
        reply.header('vary', withLanguage(reply.getHeader('vary')))
      }
      done(null, payload)
    })
  },
  { name: 'i18n', fastify: '5.x', dependencies: ['deps'] }
)

function withLanguage(vary: string | number | string[] | undefined): string {
  const names = [vary ?? []]
    .flat()
    .join(', ')
    .split(', ')
    .filter(name => name !== '')
  return [...new Set([...names, 'Accept-Language'])].join(', ')
}
