import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { limitedTo } from '../plugins/http/limited-to.js'
import { reauthenticate } from '../src/sign-in/reauthenticate.js'
import { answersToBody, exampleToken, tokenFields } from './schemas/answers.js'
import { offeredFactor, proofCodes, proofFields } from './schemas/factor.js'
import { closed, Password } from './schemas/fields.js'

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify

  fastify.post(
    '/reauthenticate/',
    {
      config: { auth: 'bearer', rateLimit: limitedTo('mfa', deps.config.RATE_LIMIT_MFA) },
      schema: {
        operationId: 'reauthenticate',
        tags: ['Sessions'],
        summary: 'Prove again who one is',
        description:
          'Renews `auth_time` and `amr` of the session, and answers with an access token that says so; the refresh token goes on. An account whose session never passed its second factor sends `code` or `recovery_code` too.',
        security: [{ bearer: [] }],
        body: closed({ password: Password, ...proofFields }),
        response: answersToBody(
          {
            200: Type.Object(
              { access: tokenFields.access },
              { description: 'Proved.', examples: [{ access: exampleToken }] }
            )
          },
          ...proofCodes
        )
      }
    },
    async (request, reply) => {
      const { principal, body } = request
      const offered = { password: body.password, factor: offeredFactor(body) }
      const client = request.sender
      return reply.giveAccess(await reauthenticate(deps, principal, offered, client))
    }
  )
}

export default routes
