import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { limitedTo } from '../../plugins/http/limited-to.js'
import { verifyChallenge } from '../../src/mfa/verify.js'
import { answersToBody, signInAnswer } from '../schemas/answers.js'
import { ChallengeId, RecoveryCode, TotpCode } from '../schemas/factor.js'
import { closed, TransportHeader } from '../schemas/fields.js'
import { requireMfaOn } from './enabled.js'

const description =
  'Few wrong codes end the challenge, and somewhat more, over all sign-ins of the account, are answered 429 for a while. A code that was accepted is not accepted again.'

/** Finishing a sign-in with the second factor (contract 1.13). */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps
  const rateLimit = limitedTo('mfa', config.RATE_LIMIT_MFA)
  const preParsing = requireMfaOn(config)
  const response = answersToBody(
    { 200: signInAnswer(config) },
    'challenge_invalid',
    'invalid_code',
    'totp_not_active',
    'mfa_disabled'
  )

  fastify.post(
    '/mfa/verify/',
    {
      config: { auth: 'none', rateLimit },
      preParsing,
      schema: {
        operationId: 'verifyMfa',
        tags: ['Second factor'],
        summary: 'Finish a sign-in with a code of the app',
        description,
        security: [],
        headers: TransportHeader,
        body: closed({ challenge_id: ChallengeId, code: TotpCode }),
        response
      }
    },
    async (request, reply) => {
      const { challenge_id: challengeId, code } = request.body
      const answer = { challengeId, offered: { method: 'otp', code } } as const
      return reply.giveSignIn(await verifyChallenge(deps, answer, request.sender))
    }
  )

  fastify.post(
    '/mfa/verify-recovery/',
    {
      config: { auth: 'none', rateLimit },
      preParsing,
      schema: {
        operationId: 'verifyMfaByRecoveryCode',
        tags: ['Second factor'],
        summary: 'Finish a sign-in with a recovery code',
        description: `${description} The owner is told by mail.`,
        security: [],
        headers: TransportHeader,
        body: closed({ challenge_id: ChallengeId, recovery_code: RecoveryCode }),
        response
      }
    },
    async (request, reply) => {
      const { challenge_id: challengeId, recovery_code: code } = request.body
      const answer = { challengeId, offered: { method: 'rc', code } } as const
      return reply.giveSignIn(await verifyChallenge(deps, answer, request.sender))
    }
  )
}

export default routes
