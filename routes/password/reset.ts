import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { answerPrefetch, showEmailAgain } from '../../plugins/http/forms.js'
import { isForm, wantsPage } from '../../plugins/http/negotiate.js'
import { Problem } from '../../src/base/errors/problem.js'
import type { Link } from '../../src/links/link.js'
import { openResetByCode, openResetLink, readLiveReset } from '../../src/passwords/reset/open.js'
import { setNewPassword } from '../../src/passwords/reset/set.js'
import { choosePassword } from '../choose-password.js'
import { requestMail } from '../request-mail.js'
import { Detail, Prefetched, Redirect } from '../schemas/answers.js'
import { closed } from '../schemas/fields.js'
import { emailAndCode } from '../schemas/mail-codes.js'
import { showPage } from '../show-page.js'

/** Requesting a reset, opening its link, setting the password: JSON for programs, and pages. */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps
  if (config.EMAIL_DISABLED) return
  const base = config.BASE_PATH
  const formPage = config.PASSWORD_RESET_REDIRECT ?? `${base}/password/reset/default/`

  const start = (reply: FastifyReply, { id, expiresAt }: Link) =>
    reply.startFlow('password_reset', id, expiresAt)

  showPage(fastify, '/password/reset/', 'password-reset/request', {
    operationId: 'showPasswordResetRequest',
    summary: 'Page that asks for the address'
  })

  requestMail(fastify, '/password/reset/', {
    kind: 'password_reset',
    schema: {
      operationId: 'requestPasswordReset',
      summary: 'Mail a reset link',
      description:
        'The answer, its timing and its headers are the same for every address. An account with an unconfirmed address gets the mail too. An invited account without a password gets its invitation again.'
    },
    detail: ['reset_sent', 'Password reset email has been sent.'],
    form: 'password-reset/request',
    showDone: (reply, values) => reply.page('password-reset/sent', { values })
  })

  showPage(fastify, '/password/reset/code/', 'password-reset/sent', {
    operationId: 'showPasswordResetCode',
    summary: 'Page that takes the code from the mail'
  })

  fastify.post(
    '/password/reset/code/',
    {
      config: {
        auth: 'none',
        page: true,
        limit: 'password_reset',
        problems: ['invalid_code'],
        setsCookies: true
      },
      errorHandler: showEmailAgain('password-reset/sent'),
      schema: {
        operationId: 'openPasswordResetByCode',
        summary: 'Open a reset with the code from its mail',
        description:
          'Does the same as the link: sets the cookie that allows setting a new password once.',
        body: closed(emailAndCode),
        response: { 200: Detail('Now choose a new password.'), 303: Redirect }
      }
    },
    async (request, reply) => {
      start(reply, await openResetByCode(deps, request.body, request.sender))
      if (isForm(request)) return reply.redirect(formPage, 303)
      return { detail: request.language.texts('details', 'choose_password') }
    }
  )

  fastify.route({
    method: ['GET', 'HEAD'],
    url: '/password/reset/confirm/:uid/:token/',
    config: { auth: 'none', page: true, limit: 'password_reset', problems: ['link_invalid'] },
    schema: {
      operationId: 'openPasswordReset',
      summary: 'Follow a reset link',
      description:
        'Sets the cookie `password_reset_access_token` and redirects to the form, whose URL contains no token. The link works until the password is set, the link expires or a newer one is mailed. `HEAD` and prefetches get no cookie and have no effect.',
      params: closed({
        uid: Type.String({ maxLength: 64 }),
        token: Type.String({ maxLength: 64 })
      }),
      response: { 204: Prefetched, 302: Redirect }
    },
    preHandler: answerPrefetch,
    handler: async (request, reply) => {
      const link = await openResetLink(deps, request.params as { uid: string; token: string })
      if (link !== null) return start(reply, link).redirect(formPage, 302)
      if (wantsPage(request)) return reply.page('password-reset/invalid', {}, 400)
      throw new Problem('link_invalid')
    }
  })

  showPage(fastify, '/password/reset/complete/', 'password-reset/complete', {
    operationId: 'showPasswordResetDone',
    summary: 'Page that says that the password is set'
  })

  choosePassword(fastify, {
    flow: 'password_reset',
    form: {
      url: '/password/reset/default/',
      page: 'password-reset/new',
      schema: {
        operationId: 'showPasswordResetForm',
        summary: 'Page with the form for the new password',
        description: 'Shows the form only while the cookie allows setting a new password.'
      }
    },
    post: {
      url: '/password/reset/set-new/',
      schema: {
        operationId: 'setNewPassword',
        summary: 'Set the new password',
        description:
          'Needs the cookie that the link set, and nothing else. After a refused password, link and cookie still work. Success uses up both and ends every session. A JSON request gets a new session, or a challenge for the second factor. A form opens no session: it is redirected to the last page, or to the setup of the second factor when one is required and missing.'
      }
    },
    detail: ['password_reset', 'Password reset.'],
    read: linkId => readLiveReset(deps, linkId),
    set: (...chosen) => setNewPassword(deps, ...chosen),
    showInvalid: reply => reply.page('password-reset/invalid', {}, 400),
    showDone: reply => reply.redirect(`${base}/password/reset/complete/`, 303)
  })
}

export default routes
