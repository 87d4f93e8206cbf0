import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { RouteOptions } from 'fastify'
import { Type } from 'typebox'
import { byCookie, showAgain } from '../../plugins/http/forms.js'
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
import { finishMfa } from './pages.js'

/** The page that asks for the second factor at a sign-in. */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps

  const handleError: RouteOptions['errorHandler'] = (error, request, reply) => {
    // A challenge that ended cannot be answered, so its form is not shown again.
    if (!(error instanceof Problem) || error.code !== 'challenge_invalid')
      return showChallenge(error, request, reply)
    reply.endFlow('mfa')
    throw error
  }
  const showChallenge = showAgain(({ body }, reply, errors, status) => {
    const method = 'recovery_code' in (body as object) ? 'recovery' : 'code'
    return reply.page('mfa/challenge', { method, errors }, status)
  })

  const Method = closed({ method: Type.Optional(Type.String({ pattern: '^(code|recovery)$' })) })

  fastify.route({
    method: ['GET', 'HEAD'],
    url: '/mfa/challenge/page/',
    config: {
      auth: 'none',
      page: true,
      limit: 'mfa',
      problems: ['challenge_invalid', 'mfa_disabled']
    },
    schema: {
      operationId: 'showMfaChallenge',
      summary: 'Page that asks for the second factor',
      description: setupDescription,
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
        page: true,
        limit: 'mfa',
        problems: ['challenge_invalid', 'invalid_code', 'totp_not_active', 'mfa_disabled'],
        setsCookies: true
      },
      errorHandler: handleError,
      schema: {
        operationId: 'answerMfaChallenge',
        summary: 'Form that finishes a sign-in',
        description: `Opens a session with cookie transport. With only \`challenge_id\` it writes the cookie and redirects to the page. ${setupDescription}`,
        body: closed({
          code: Type.Optional(TotpCode),
          recovery_code: Type.Optional(RecoveryCode),
          challenge_id: Type.Optional(ChallengeId)
        }),
        response: { 200: Page, 303: Redirect }
      }
    },
    async (request, reply) => {
      const { challenge_id } = request.body
      if (challenge_id !== undefined) {
        const { id } = await openChallenge(deps, { token: challenge_id })
        return reply.startFlow('mfa', id).redirect(`${config.BASE_PATH}/mfa/challenge/page/`, 303)
      }
      const offered = offeredCode(request.body) ?? { method: 'otp', code: '' }
      const id = request.readFlow('mfa')
      if (!id) throw new Problem('challenge_invalid')
      const signIn = await verifyChallenge(deps, { key: { id }, offered }, byCookie(request))
      reply.endFlow('mfa').answerSignIn(signIn)
      return finishMfa(reply, { signedIn: true })
    }
  )
}

export default routes
