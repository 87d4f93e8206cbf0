import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { limitedTo } from '../../plugins/http/limited-to.js'
import { verifyChallenge } from '../../src/mfa/verify.js'
import { signInAnswer } from '../schemas/answers.js'
import { closed, TransportHeader } from '../schemas/fields.js'
import { ChallengeId, RecoveryCode, verifying, verifyProblems } from '../schemas/mfa.js'
import { requireMfaOn } from './when-on.js'

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps

  fastify.post(
    '/mfa/verify-recovery/',
    {
      config: {
        auth: 'none',
        rateLimit: limitedTo('mfa', config.RATE_LIMIT_MFA),
        problems: verifyProblems
      },
      preParsing: requireMfaOn(config),
      schema: {
        operationId: 'verifyMfaByRecoveryCode',
        tags: ['Second factor'],
        summary: 'Finish a sign-in with a recovery code',
        description: `${verifying} The owner is told by mail.`,
        security: [],
        headers: TransportHeader,
        body: closed({ challenge_id: ChallengeId, recovery_code: RecoveryCode }),
        response: { 200: signInAnswer(config) }
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
