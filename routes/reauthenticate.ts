import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { reauthenticate } from '../src/sign-in/reauthenticate.js'
import { exampleToken, tokenFields } from './schemas/answers.js'
import { closed, Password } from './schemas/fields.js'
import { evidenceOf, proofFields, proofProblems } from './schemas/mfa.js'

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify

  fastify.post(
    '/reauthenticate/',
    {
      config: { auth: 'bearer', limit: 'mfa', problems: proofProblems },
      schema: {
        operationId: 'reauthenticate',
        summary: 'Authenticate again',
        description:
          'Renews `auth_time` and `amr` of the session, and answers with a new access token that has them. The refresh token stays the same. `code` or `recovery_code` is also needed when the account has a second factor that the session has not passed.',
        body: closed({ password: Password, ...proofFields }),
        response: {
          200: Type.Object(
            { access: tokenFields.access, expires_in: tokenFields.expires_in },
            {
              description: 'Authenticated.',
              examples: [{ access: exampleToken, expires_in: 1800 }]
            }
          )
        }
      }
    },
    async (request, reply) => {
      const { principal, body, sender } = request
      const session = await reauthenticate(deps, principal, evidenceOf(body), sender)
      return reply.issueTokens(session, { refresh: false })
    }
  )
}

export default routes
