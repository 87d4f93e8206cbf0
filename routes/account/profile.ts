import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { showAgain } from '../../plugins/http/forms.js'
import { updateProfile } from '../../src/user/update-profile.js'
import { Page, Redirect } from '../schemas/answers.js'
import { closed, Name } from '../schemas/fields.js'
import { redirectDone } from './done.js'

/** The names of one's own account. */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify

  fastify.get(
    '/account/profile/',
    {
      config: { auth: 'page', page: true },
      schema: {
        operationId: 'showProfile',
        summary: 'Page with the names of the account',
        response: { 200: Page, 303: Redirect }
      }
    },
    async (request, reply) => {
      const { firstName: first_name, lastName: last_name } = request.principal.user
      return reply.page('account/profile', { values: { first_name, last_name } })
    }
  )

  fastify.post(
    '/account/profile/',
    {
      config: { auth: 'page', page: true },
      errorHandler: showAgain(({ body }, reply, errors, status) => {
        const { first_name = '', last_name = '' } = body as Record<string, string>
        return reply.page('account/profile', { errors, values: { first_name, last_name } }, status)
      }),
      schema: {
        operationId: 'saveProfile',
        summary: 'Form that changes the names',
        body: closed({ first_name: Name, last_name: Name }),
        response: { 303: Redirect }
      }
    },
    async (request, reply) => {
      const { first_name: firstName, last_name: lastName } = request.body
      await updateProfile(deps, request.principal, { firstName, lastName }, {}, request.sender)
      return redirectDone(reply, '/account/', 'profile')
    }
  )
}

export default routes
