import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { type Static, Type } from 'typebox'
import { answerPrefetch } from '../../plugins/http/forms.js'
import { snakeCased } from '../../src/base/snake-case.js'
import { exportAccount } from '../../src/user/export.js'
import { Export } from '../schemas/export.js'

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify

  fastify.get(
    '/user/export/',
    {
      config: { auth: 'bearer', problems: ['reauthentication_required'] },
      schema: {
        operationId: 'exportAccount',
        summary: 'Download everything that is stored about the account',
        description:
          'Needs a sign-in or re-authentication in the last ten minutes, with the second factor if the account has one: use `/reauthenticate/` first. Each export is an event of the account. Secrets such as passwords, codes and tokens are not in it.',
        response: {
          200: Export,
          204: Type.Null({ description: 'A `HEAD` or a prefetch.' })
        }
      },
      preHandler: answerPrefetch
    },
    async ({ principal, sender }, reply) => {
      const document = snakeCased(await exportAccount(deps, principal, sender))
      reply.header('content-disposition', 'attachment; filename="account.json"')
      return document as Static<typeof Export>
    }
  )
}

export default routes
