import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { changePassword } from '../../src/passwords/change.js'
import { exampleToken, signInFields } from '../schemas/answers.js'
import { closed, NewPassword, Password, TransportHeader } from '../schemas/fields.js'

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const asksOld = deps.config.OLD_PASSWORD_FIELD_ENABLED

  fastify.post(
    '/password/change/',
    {
      config: { auth: 'bearer', problems: ['incorrect_password', 'busy'] },
      schema: {
        operationId: 'changePassword',
        summary: 'Change the password',
        description:
          'Ends every session, and the answer has the tokens of a new one. With `LOGOUT_ON_PASSWORD_CHANGE=false` sessions stay open. With `OLD_PASSWORD_FIELD_ENABLED=false` `old_password` may be left out.',
        headers: TransportHeader,
        body: closed({
          old_password: asksOld ? Password : Type.Optional(Password),
          new_password1: NewPassword,
          new_password2: NewPassword
        }),
        response: {
          200: Type.Object(
            { ...signInFields, detail: Type.String() },
            {
              description: 'Changed.',
              examples: [
                { access: exampleToken, expires_in: 1800, detail: 'New password has been saved.' }
              ]
            }
          )
        }
      }
    },
    async (request, reply) => {
      const { principal, body, sender } = request
      const change = {
        oldPassword: body.old_password ?? null,
        newPassword1: body.new_password1,
        newPassword2: body.new_password2
      }
      const signIn = await changePassword(deps, principal, change, sender)
      const detail = request.language.texts('details', 'password_changed')
      return signIn === null ? { detail } : { ...reply.answerSignIn(signIn), detail }
    }
  )
}

export default routes
