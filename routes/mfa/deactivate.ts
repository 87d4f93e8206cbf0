import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { limitedTo } from '../../plugins/http/limited-to.js'
import { Problem } from '../../src/base/errors/problem.js'
import { deactivate } from '../../src/mfa/deactivate.js'
import { closed, Password } from '../schemas/fields.js'
import { evidenceOf, proofFields, proofProblems, proofs } from '../schemas/mfa.js'
import { requireMfaOn } from './when-on.js'

const Deactivated = Type.Object(
  { success: Type.Literal(true) },
  { description: 'The second factor is off.', examples: [{ success: true }] }
)

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps
  const rateLimit = limitedTo('mfa', config.RATE_LIMIT_MFA)

  fastify.post(
    '/mfa/deactivate/',
    {
      config: {
        auth: 'bearer',
        rateLimit,
        problems: [...proofProblems, 'mfa_disabled', 'mfa_required_by_policy']
      },
      preParsing: [
        requireMfaOn(config),
        async () => {
          if (config.JWT_ALLAUTH_MFA_TOTP_MODE === 'required')
            throw new Problem('mfa_required_by_policy')
        }
      ],
      schema: {
        operationId: 'deactivateMfa',
        tags: ['Second factor'],
        summary: 'Turn the second factor off',
        description: `Removes the authenticator and the recovery codes; sessions stay. ${proofs}`,
        security: [{ bearer: [] }],
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
