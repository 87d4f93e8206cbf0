import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { verifyChallenge } from '../../src/mfa/verify.js'
import { SignedIn } from '../schemas/answers.js'
import { closed, TransportHeader } from '../schemas/fields.js'
import { ChallengeId, RecoveryCode, verifying, verifyProblems } from '../schemas/mfa.js'

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify

  fastify.post(
    '/mfa/verify-recovery/',
    {
      config: { auth: 'none', limit: 'mfa', problems: verifyProblems },
      schema: {
        operationId: 'verifyMfaByRecoveryCode',
        summary: 'Finish a sign-in with a recovery code',
        description: `${verifying} The owner gets a mail about it.`,
        headers: TransportHeader,
        body: closed({ challenge_id: ChallengeId, recovery_code: RecoveryCode }),
        response: { 200: SignedIn }
      }
    },
    async (request, reply) => {
      const { challenge_id: token, recovery_code: code } = request.body
      const answer = { key: { token }, offered: { method: 'rc', code } } as const
      return reply.answerSignIn(await verifyChallenge(deps, answer, request.sender))
    }
  )
}

export default routes
