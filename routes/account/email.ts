import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type FormErrors, showAgain } from '../../plugins/http/forms.js'
import { updateProfile } from '../../src/user/update-profile.js'
import { Page, Redirect } from '../schemas/answers.js'
import { closed, Email, Password } from '../schemas/fields.js'
import { proofProblems } from '../schemas/mfa.js'
import { doneOf, redirectDone } from './done.js'

/** The address of one's own account. The new one is used once it is confirmed. */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify

  function show(request: FastifyRequest, reply: FastifyReply, errors?: FormErrors, status = 200) {
    const { user, pendingEmail } = request.principal
    const { email } = (request.body ?? {}) as { email?: string }
    const page = { email: user.email, pendingEmail, errors, done: doneOf(request) }
    return reply.page('account/email', { ...page, values: { email: email ?? '' } }, status)
  }

  fastify.get(
    '/account/email/',
    {
      config: { auth: 'page', page: true },
      schema: {
        operationId: 'showEmail',
        summary: 'Page with the address of the account',
        response: { 200: Page, 303: Redirect }
      }
    },
    async (request, reply) => show(request, reply)
  )

  fastify.post(
    '/account/email/',
    {
      config: {
        auth: 'page',
        page: true,
        limit: 'mfa',
        problems: [...proofProblems, 'email_taken']
      },
      errorHandler: showAgain(show),
      schema: {
        operationId: 'saveEmail',
        summary: 'Form that changes the address',
        body: closed({ email: Email, password: Password }),
        response: { 303: Redirect }
      }
    },
    async (request, reply) => {
      const { email, password } = request.body
      const { principal, sender } = request
      const { pendingEmail } = await updateProfile(deps, principal, { email }, { password }, sender)
      const deed = pendingEmail === null ? 'email_changed' : 'email_pending'
      return redirectDone(reply, '/account/email/', deed)
    }
  )
}

export default routes
