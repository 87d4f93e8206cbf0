import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { verifyChallenge } from '../../src/mfa/verify.js'
import { SignedIn } from '../schemas/answers.js'
import { closed, TransportHeader } from '../schemas/fields.js'
import { ChallengeId, TotpCode, verifying, verifyProblems } from '../schemas/mfa.js'

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify

  fastify.post(
    '/mfa/verify/',
    {
      config: { auth: 'none', limit: 'mfa', problems: verifyProblems },
      schema: {
        operationId: 'verifyMfa',
        summary: 'Finish a sign-in with a code of the app',
        description: verifying,
        headers: TransportHeader,
        body: closed({ challenge_id: ChallengeId, code: TotpCode }),
        response: { 200: SignedIn }
      }
    },
    async (request, reply) => {
      const { challenge_id: token, code } = request.body
      const answer = { key: { token }, offered: { method: 'otp', code } } as const
      return reply.answerSignIn(await verifyChallenge(deps, answer, request.sender))
    }
  )
}

export default routes
