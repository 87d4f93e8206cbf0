import formbody from '@fastify/formbody'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { answerForm, isForm } from '../../plugins/http/forms.js'
import { limitedTo } from '../../plugins/http/limited-to.js'
import { problemBody } from '../../plugins/http/problem-body.js'
import { Problem } from '../../src/base/errors/problem.js'
import { openChallenge, verifyChallenge } from '../../src/mfa/verify.js'
import { Page, Redirect } from '../schemas/answers.js'
import { closed } from '../schemas/fields.js'
import {
  ChallengeId,
  offeredCode,
  RecoveryCode,
  setupDescription,
  TotpCode
} from '../schemas/mfa.js'
import { byCookie, finishMfa } from './pages.js'
import { requireMfaOn } from './when-on.js'

/** The page that asks for the second factor, so that a product needs none of its own. */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps
  const rateLimit = limitedTo('mfa', config.RATE_LIMIT_MFA)
  const preParsing = requireMfaOn(config)
  await fastify.register(formbody, { bodyLimit: 16 * 1024 })

  /** A challenge that is over has no form to be shown again. */
  function showEnd(request: FastifyRequest, reply: FastifyReply, problem: Problem) {
    const { detail, code } = problemBody(problem, request.language.texts)
    const status = problem.statusCode
    return reply.endFlow('mfa').page('error', { status, detail, code }, status)
  }

  const Method = closed({ method: Type.Optional(Type.String({ pattern: '^(code|recovery)$' })) })

  fastify.route({
    method: ['GET', 'HEAD'],
    url: '/mfa/challenge/page/',
    config: {
      auth: 'none',
      page: true,
      rateLimit,
      problems: ['challenge_invalid', 'mfa_disabled']
    },
    preParsing,
    schema: {
      operationId: 'showMfaChallenge',
      tags: ['Second factor'],
      summary: 'Page that asks for the second factor',
      description: setupDescription,
      security: [],
      querystring: Method,
      response: { 200: Page }
    },
    handler: async (request, reply) => {
      if (!request.readFlow('mfa')) throw new Problem('challenge_invalid')
      const { method = 'code' } = request.query as { method?: 'code' | 'recovery' }
      return reply.page('mfa/challenge', { method })
    }
  })

  fastify.post(
    '/mfa/challenge/page/',
    {
      config: {
        auth: 'none',
        refusesForeign: true,
        page: true,
        rateLimit,
        problems: ['challenge_invalid', 'invalid_code', 'totp_not_active', 'mfa_disabled']
      },
      preParsing,
      attachValidation: true,
      schema: {
        operationId: 'answerMfaChallenge',
        tags: ['Second factor'],
        summary: 'Form that finishes a sign-in',
        description: `Signs in by cookie. With \`challenge_id\` alone it only leads to the page. ${setupDescription}`,
        security: [],
        body: closed({
          code: Type.Optional(TotpCode),
          recovery_code: Type.Optional(RecoveryCode),
          challenge_id: Type.Optional(ChallengeId)
        }),
        response: { 200: Page, 303: Redirect }
      }
    },
    async (request, reply) => {
      const method = 'recovery_code' in (request.body as object) ? 'recovery' : 'code'
      return answerForm(
        request,
        async () => {
          const { challenge_id } = request.body
          if (challenge_id !== undefined) {
            const { id } = await openChallenge(deps, { token: challenge_id })
            return reply
              .startFlow('mfa', id)
              .redirect(`${config.BASE_PATH}/mfa/challenge/page/`, 303)
          }
          const offered = offeredCode(request.body) ?? { method: 'otp', code: '' }
          const id = request.readFlow('mfa')
          try {
            if (!id) throw new Problem('challenge_invalid')
            const answer = { key: { id }, offered }
            const signIn = await verifyChallenge(deps, answer, byCookie(request))
            reply.endFlow('mfa').answerSignIn(signIn)
          } catch (error) {
            if (isForm(request) && error instanceof Problem && error.code === 'challenge_invalid')
              return showEnd(request, reply, error)
            throw error
          }
          return finishMfa(reply, { signedIn: true })
        },
        (errors, status) => reply.page('mfa/challenge', { method, errors }, status)
      )
    }
  )
}

export default routes
