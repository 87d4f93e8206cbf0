import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type FormErrors, showAgain } from '../../plugins/http/forms.js'
import { fieldProblem } from '../../src/base/errors/problem.js'
import { foreseeDeletion, requestDeletion } from '../../src/user/deletion/request.js'
import { Page, Redirect } from '../schemas/answers.js'
import { closed, Password } from '../schemas/fields.js'
import { evidenceOf, proofFields, proofProblems } from '../schemas/mfa.js'

/** The end of one's own account. */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify

  async function show(
    request: FastifyRequest,
    reply: FastifyReply,
    errors?: FormErrors,
    status = 200
  ) {
    const { principal, query, body } = request
    const asksRecovery =
      (query as Record<string, unknown>).method === 'recovery' ||
      'recovery_code' in ((body ?? {}) as object)
    const method = principal.mfaEnabled ? (asksRecovery ? 'recovery' : 'code') : null
    const eraseAt = await foreseeDeletion(deps, principal)
    return reply.page('account/delete', { eraseAt, method, errors }, status)
  }

  fastify.get(
    '/account/delete/',
    {
      config: { auth: 'page', page: true },
      schema: {
        operationId: 'showDeletion',
        summary: 'Page that deletes the account',
        response: { 200: Page, 303: Redirect }
      }
    },
    async (request, reply) => show(request, reply)
  )

  fastify.post(
    '/account/delete/',
    {
      config: {
        auth: 'page',
        page: true,
        limit: 'mfa',
        problems: proofProblems,
        setsCookies: true
      },
      errorHandler: showAgain(show),
      schema: {
        operationId: 'deleteAccount',
        summary: 'Form that deletes the account',
        body: closed({ password: Password, ...proofFields }),
        response: { 200: Page, 303: Redirect }
      }
    },
    async (request, reply) => {
      const { principal, body, sender } = request
      const evidence = evidenceOf(body)
      // The session has passed the second factor, perhaps long ago. The form asks for it again.
      if (principal.mfaEnabled && evidence.code === undefined)
        throw fieldProblem('code', { code: 'required' })
      const eraseAt = await requestDeletion(deps, principal, evidence, sender)
      return reply.clearRefreshCookie().page('account/deleted', { eraseAt })
    }
  )
}

export default routes
