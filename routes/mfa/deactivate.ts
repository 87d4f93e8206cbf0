import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { deactivate } from '../../src/mfa/deactivate.js'
import { requireMfaOptional } from '../../src/mfa/policy.js'
import { closed, Password } from '../schemas/fields.js'
import { evidenceOf, proofFields, proofProblems, proofs } from '../schemas/mfa.js'

const Deactivated = Type.Object(
  { success: Type.Literal(true) },
  { description: 'The second factor is off.', examples: [{ success: true }] }
)

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps

  fastify.post(
    '/mfa/deactivate/',
    {
      config: {
        auth: 'bearer',
        limit: 'mfa',
        problems: [...proofProblems, 'mfa_disabled', 'mfa_required_by_policy']
      },
      preParsing: async () => requireMfaOptional(config),
      schema: {
        operationId: 'deactivateMfa',
        summary: 'Turn the second factor off',
        description: `Removes the authenticator and the recovery codes. Sessions stay open. ${proofs}`,
        body: closed({ password: Password, ...proofFields }),
        response: { 200: Deactivated }
      }
    },
    async request => {
      await deactivate(deps, request.principal, evidenceOf(request.body), request.sender)
      return { success: true as const }
    }
  )
}

export default routes
