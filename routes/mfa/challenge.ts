import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { byCookie, type FormErrors, showAgain } from '../../plugins/http/forms.js'
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
import { finishMfa, goOnWhenSignedIn, pageWhenEnded } from './pages.js'

type Method = 'code' | 'recovery'

/** The page that asks for the second factor at a sign-in. */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps

  const page = `${config.BASE_PATH}/mfa/challenge/page/`

  async function show(
    request: FastifyRequest,
    reply: FastifyReply,
    method: Method,
    errors?: FormErrors,
    status = 200
  ) {
    const id = request.readFlow('mfa')
    if (!id) throw new Problem('challenge_invalid')
    const { email } = await openChallenge(deps, { id })
    return reply.page('mfa/challenge', { method, email, errors }, status)
  }

  const showFormAgain = showAgain((request, reply, errors, status) => {
    const method = 'recovery_code' in (request.body as object) ? 'recovery' : 'code'
    return show(request, reply, method, errors, status)
  })

  fastify.route({
    method: ['GET', 'HEAD'],
    url: '/mfa/challenge/page/',
    config: {
      auth: 'visitor',
      page: true,
      limit: 'mfa',
      problems: ['challenge_invalid', 'mfa_disabled'],
      setsCookies: true
    },
    errorHandler: goOnWhenSignedIn,
    schema: {
      operationId: 'showMfaChallenge',
      summary: 'Page that asks for the second factor',
      description: setupDescription,
      querystring: closed({
        method: Type.Optional(Type.String({ pattern: '^(code|recovery)$' }))
      }),
      response: { 200: Page, 303: Redirect }
    },
    handler: async (request, reply) => {
      const { method = 'code' } = request.query as { method?: Method }
      return show(request, reply, method)
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
      errorHandler: pageWhenEnded(page, showFormAgain),
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
        return reply.startFlow('mfa', id).redirect(page, 303)
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
