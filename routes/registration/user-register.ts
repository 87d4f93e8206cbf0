import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { invitationsOn, invite, invitingRoles } from '../../src/registration/invite.js'
import { closed, Email, Name } from '../schemas/fields.js'

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps
  if (!invitationsOn(config)) return

  fastify.post(
    '/registration/user-register/',
    {
      config: { auth: 'bearer', roles: invitingRoles(deps), problems: ['email_taken'] },
      schema: {
        operationId: 'invite',
        summary: 'Invite a person',
        description:
          'Mails a link for setting the first password. Inviting a pending address again replaces role, names and link. An inviter cannot grant a role above their own.',
        body: closed({
          email: Email,
          role: Type.Integer({
            minimum: 0,
            maximum: 999_999,
            description: 'Number of the role.',
            examples: [0]
          }),
          first_name: Type.Optional(Name),
          last_name: Type.Optional(Name)
        }),
        response: { 201: Type.Object({}, { description: 'Invited.', examples: [{}] }) }
      }
    },
    async (request, reply) => {
      const { email, role, first_name = '', last_name = '' } = request.body
      const invitee = { email, role, firstName: first_name, lastName: last_name }
      await invite(deps, invitee, {
        inviterId: request.principal.user.id,
        locale: config.DEFAULT_LOCALE,
        mail: 'invitation',
        sender: request.sender
      })
      return reply.code(201).send({})
    }
  )
}

export default routes
