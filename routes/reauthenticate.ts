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
      config: {
        auth: 'bearer',
        limit: 'mfa',
        problems: proofProblems
      },
      schema: {
        operationId: 'reauthenticate',
        summary: 'Prove again who one is',
        description:
          'Renews `auth_time` and `amr` of the session, and answers with an access token that says so; the refresh token goes on. An account whose session never passed its second factor sends `code` or `recovery_code` too.',
        body: closed({ password: Password, ...proofFields }),
        response: {
          200: Type.Object(
            { access: tokenFields.access },
            { description: 'Proved.', examples: [{ access: exampleToken }] }
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
