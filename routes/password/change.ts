import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { changePassword } from '../../src/passwords/change.js'
import { exampleToken, signInFields } from '../schemas/answers.js'
import { closed, Password, TransportHeader } from '../schemas/fields.js'

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps
  const asksOld = config.OLD_PASSWORD_FIELD_ENABLED

  fastify.post(
    '/password/change/',
    {
      config: { auth: 'bearer', problems: ['incorrect_password', 'busy'] },
      schema: {
        operationId: 'changePassword',
        summary: 'Change the password',
        description: config.LOGOUT_ON_PASSWORD_CHANGE
          ? 'Ends every session; the answer carries the tokens of a fresh one.'
          : 'Sessions stay as they are.',
        headers: TransportHeader,
        body: closed({
          old_password: asksOld ? Password : Type.Optional(Password),
          new_password1: Password,
          new_password2: Password
        }),
        response: {
          200: Type.Object(
            { ...signInFields, detail: Type.String() },
            {
              description: 'Changed.',
              examples: [{ access: exampleToken, detail: 'New password has been saved.' }]
            }
          )
        }
      }
    },
    async (request, reply) => {
      const {
        old_password = null,
        new_password1: newPassword1,
        new_password2: newPassword2
      } = request.body
      const { principal } = request
      const client = request.sender
      const change = { oldPassword: old_password, newPassword1, newPassword2 }
      const signIn = await changePassword(deps, principal, change, client)
      const detail = request.language.texts('details', 'password_changed')
      return signIn === null ? { detail } : { ...reply.answerSignIn(signIn), detail }
    }
  )
}

export default routes
