import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Static } from 'typebox'
import { showAgain } from '../../plugins/http/forms.js'
import { snakeCased } from '../../src/base/snake-case.js'
import { exportAccount } from '../../src/user/export.js'
import { Page, Redirect } from '../schemas/answers.js'
import { Export } from '../schemas/export.js'
import { closed, Password } from '../schemas/fields.js'
import { proofProblems } from '../schemas/mfa.js'

/** Everything that is stored about oneself, as a file. */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify

  fastify.get(
    '/account/export/',
    {
      config: { auth: 'page', page: true },
      schema: {
        operationId: 'showExport',
        summary: 'Page that offers the data of the account',
        response: { 200: Page, 303: Redirect }
      }
    },
    async (_request, reply) => reply.page('account/export', {})
  )

  fastify.post(
    '/account/export/',
    {
      config: { auth: 'page', page: true, limit: 'mfa', problems: proofProblems },
      errorHandler: showAgain((_request, reply, errors, status) =>
        reply.page('account/export', { errors }, status)
      ),
      schema: {
        operationId: 'downloadExport',
        summary: 'Form that downloads the data of the account',
        body: closed({ password: Password }),
        response: { 200: Export, 303: Redirect }
      }
    },
    async (request, reply) => {
      const { principal, sender, body } = request
      const document = snakeCased(await exportAccount(deps, principal, sender, body))
      return reply
        .type('application/json; charset=utf-8')
        .header('content-disposition', 'attachment; filename="account.json"')
        .serializer((payload: unknown) => JSON.stringify(payload, null, 2))
        .send(document as Static<typeof Export>)
    }
  )
}

export default routes
