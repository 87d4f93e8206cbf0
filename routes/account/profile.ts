import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { type FormErrors, showAgain } from '../../plugins/http/forms.js'
import { languageChoices, languageFor, languageNames } from '../../src/base/i18n/language-names.js'
import type { Pages } from '../../src/base/views/pages.js'
import { updateProfile } from '../../src/user/update-profile.js'
import { Page, Redirect } from '../schemas/answers.js'
import { closed, Name } from '../schemas/fields.js'
import { redirectDone } from './done.js'

const Language = Type.Unsafe<string>({
  type: 'string',
  enum: languageNames,
  description: 'The language of mails and pages.',
  examples: ['en']
})

/** The names and the language of one's own account. */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify

  type Values = Pages['account/profile']['values']
  const show = (reply: FastifyReply, values: Values, errors?: FormErrors, status = 200) =>
    reply.page('account/profile', { values, languages: languageChoices(), errors }, status)

  fastify.get(
    '/account/profile/',
    {
      config: { auth: 'page', page: true },
      schema: {
        operationId: 'showProfile',
        summary: 'Page with the names and the language of the account',
        response: { 200: Page, 303: Redirect }
      }
    },
    async (request, reply) => {
      const { firstName: first_name, lastName: last_name } = request.principal.user
      return show(reply, { first_name, last_name, language: shownLanguage(request) })
    }
  )

  fastify.post(
    '/account/profile/',
    {
      config: { auth: 'page', page: true },
      errorHandler: showAgain(({ body }, reply, errors, status) => {
        const { first_name = '', last_name = '', language } = body as Record<string, string>
        return show(reply, { first_name, last_name, language }, errors, status)
      }),
      schema: {
        operationId: 'saveProfile',
        summary: 'Form that changes the names and the language',
        body: closed({ first_name: Name, last_name: Name, language: Type.Optional(Language) }),
        response: { 303: Redirect }
      }
    },
    async (request, reply) => {
      const { first_name: firstName, last_name: lastName, language } = request.body
      // A person who leaves the language as it was shown has not chosen one.
      const locale = language === shownLanguage(request) ? undefined : language
      const profile = { firstName, lastName, locale }
      await updateProfile(deps, request.principal, profile, {}, request.sender)
      // A language that was chosen before at the foot of a page would come before that of the account.
      if (locale !== undefined) reply.keepLanguage(locale)
      return redirectDone(reply, '/account/', 'profile')
    }
  )
}

/** The language of the account, or that of the page for an account without one. */
function shownLanguage({ principal, language: { tag } }: FastifyRequest): string {
  const { locale } = principal.user
  return locale === null ? tag : (languageFor(locale) ?? tag)
}

export default routes
