import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { renewRecoveryCodes } from '../../src/mfa/renew-recovery-codes.js'
import { closed } from '../schemas/fields.js'
import { evidenceOf, OptionalPassword, proofFields, proofProblems, proofs } from '../schemas/mfa.js'

const RecoveryCodes = Type.Object(
  { recovery_codes: Type.Array(Type.String()) },
  {
    description: 'Ten new codes. They are not shown again, and the old codes stop working.',
    examples: [{ recovery_codes: ['K7QX-3MZP-9WVD-RH4T', '…'] }]
  }
)

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify

  fastify.post(
    '/mfa/recovery-codes/',
    {
      config: { auth: 'bearer', limit: 'mfa', problems: [...proofProblems, 'mfa_disabled'] },
      schema: {
        operationId: 'renewRecoveryCodes',
        summary: 'Create new recovery codes',
        description: proofs,
        body: closed({ password: OptionalPassword, ...proofFields }),
        response: { 200: RecoveryCodes }
      }
    },
    async request => {
      const { principal, body, sender } = request
      const codes = await renewRecoveryCodes(deps, principal, evidenceOf(body), sender)
      return { recovery_codes: codes }
    }
  )
}

export default routes
