import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { byCookie, type FormErrors, showAgain } from '../../plugins/http/forms.js'
import { changePassword } from '../../src/passwords/change.js'
import { Page, Redirect } from '../schemas/answers.js'
import { closed, NewPassword, Password } from '../schemas/fields.js'
import { redirectDone } from './done.js'

/** The password of one's own account. */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { OLD_PASSWORD_FIELD_ENABLED: asksOld, LOGOUT_ON_PASSWORD_CHANGE: endsOthers } = deps.config

  const show = (request: FastifyRequest, reply: FastifyReply, errors?: FormErrors, status = 200) =>
    reply.page(
      'account/password',
      { email: request.principal.user.email, asksOld, endsOthers, errors },
      status
    )

  fastify.get(
    '/account/password/',
    {
      config: { auth: 'page', page: true },
      schema: {
        operationId: 'showPassword',
        summary: 'Page that changes the password',
        response: { 200: Page, 303: Redirect }
      }
    },
    async (request, reply) => show(request, reply)
  )

  fastify.post(
    '/account/password/',
    {
      config: { auth: 'page', page: true, limit: 'mfa', problems: ['incorrect_password', 'busy'] },
      errorHandler: showAgain(show),
      schema: {
        operationId: 'savePassword',
        summary: 'Form that changes the password',
        body: closed({
          old_password: asksOld ? Password : Type.Optional(Password),
          new_password1: NewPassword,
          new_password2: NewPassword
        }),
        response: { 303: Redirect }
      }
    },
    async (request, reply) => {
      const {
        old_password,
        new_password1: newPassword1,
        new_password2: newPassword2
      } = request.body
      const change = { oldPassword: old_password ?? null, newPassword1, newPassword2 }
      const signIn = await changePassword(deps, request.principal, change, byCookie(request))
      // The session that takes the place of this one has its methods, so no factor is asked for.
      if (signIn !== null) reply.answerSignIn(signIn)
      return redirectDone(reply, '/account/', 'password')
    }
  )
}

export default routes
