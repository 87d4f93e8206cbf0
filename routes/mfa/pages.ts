import formbody from '@fastify/formbody'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { answerForm, isForm, isPrefetch } from '../../plugins/http/forms.js'
import { limitedTo } from '../../plugins/http/limited-to.js'
import { problemBody } from '../../plugins/http/problem-body.js'
import { Problem } from '../../src/base/errors/problem.js'
import { activate } from '../../src/mfa/activate.js'
import { continueSetup } from '../../src/mfa/setup.js'
import { ownerOfChallenge } from '../../src/mfa/setup-owner.js'
import { verifyChallenge } from '../../src/mfa/verify.js'
import { answers, answersToBody, Page, Redirect } from '../schemas/answers.js'
import {
  ChallengeId,
  offeredFactor,
  RecoveryCode,
  SetupChallengeId,
  TotpCode
} from '../schemas/factor.js'
import { closed } from '../schemas/fields.js'
import { requireMfaOn } from './enabled.js'

type Errors = Readonly<Record<string, readonly string[]>>

/** A session that a page opens travels by cookie. */
const byCookie = ({ sender }: FastifyRequest) => ({ ...sender, transport: 'cookie' as const })

const description =
  'For a browser that holds a challenge in the cookie `mfa_challenge`: forms of the service leave it, and so does a form of yours that posts nothing but the challenge.'

/** Pages for the second factor, so that a product needs none of its own. The challenge is in a cookie. */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps
  const base = config.BASE_PATH
  const rateLimit = limitedTo('mfa', config.RATE_LIMIT_MFA)
  const preParsing = requireMfaOn(config)
  await fastify.register(formbody, { bodyLimit: 16 * 1024 })

  const prefetched = { 204: Type.Null({ description: 'A prefetch.' }) }
  const tags = ['Second factor']
  const shows = { auth: 'none', page: true, rateLimit } as const
  /** These sign somebody in, so no other site may post them, with or without a cookie (CAP-04). */
  const acts = { auth: 'capability', refusesForeign: true, page: true, rateLimit } as const

  /** Goes where the deployer wants people to go in the end. */
  const finish = (reply: FastifyReply, { signedIn }: { signedIn: boolean }) =>
    config.MFA_COMPLETE_REDIRECT === null
      ? reply.page('mfa/done', { signedIn })
      : reply.redirect(config.MFA_COMPLETE_REDIRECT, 303)

  const setupOwner = (request: FastifyRequest) =>
    ownerOfChallenge(deps, request.keptChallenge ?? '')

  async function showSetup(
    request: FastifyRequest,
    reply: FastifyReply,
    errors?: Errors,
    status = 200
  ) {
    const { qrCode, secret } = await continueSetup(deps, await setupOwner(request))
    return reply.page('mfa/setup', { qrSvg: qrCode, secret, ...(errors && { errors }) }, status)
  }

  fastify.route({
    method: ['GET', 'HEAD'],
    url: '/mfa/setup/',
    config: shows,
    preParsing,
    schema: {
      operationId: 'showMfaSetup',
      tags,
      summary: 'Page that sets up an authenticator app',
      description,
      security: [],
      response: answers(
        { 200: Page, ...prefetched },
        'setup_challenge_invalid',
        'totp_already_active',
        'mfa_disabled'
      )
    },
    handler: async (request, reply) =>
      isPrefetch(request) ? reply.code(204).send(null) : showSetup(request, reply)
  })

  fastify.post(
    '/mfa/setup/page/',
    {
      config: acts,
      preParsing,
      attachValidation: true,
      schema: {
        operationId: 'finishMfaSetup',
        tags,
        summary: 'Form that turns the second factor on',
        description: `Shows the recovery codes, signed in by cookie. With \`setup_challenge_id\` alone it only leads to the page. ${description}`,
        security: [],
        body: closed({
          code: Type.Optional(TotpCode),
          setup_challenge_id: Type.Optional(SetupChallengeId)
        }),
        response: answersToBody(
          { 200: Page, 303: Redirect },
          'setup_challenge_invalid',
          'setup_not_started',
          'totp_already_active',
          'invalid_code',
          'cross_site_request',
          'mfa_disabled'
        )
      }
    },
    async (request, reply) =>
      answerForm(
        request,
        async () => {
          const { code, setup_challenge_id } = request.body
          if (setup_challenge_id !== undefined)
            return reply.keepChallenge(setup_challenge_id).redirect(`${base}/mfa/setup/`, 303)
          const owner = await setupOwner(request)
          const { recoveryCodes, signIn } = await activate(
            deps,
            owner,
            code ?? '',
            byCookie(request)
          )
          reply.forgetChallenge()
          if (signIn !== null) reply.giveSignIn(signIn)
          return reply.page('mfa/recovery-codes', { codes: recoveryCodes })
        },
        (errors, status) => showSetup(request, reply, errors, status)
      )
  )

  fastify.post(
    '/mfa/setup/page/done/',
    {
      config: { auth: 'none', page: true, rateLimit },
      preParsing,
      schema: {
        operationId: 'leaveMfaSetup',
        tags,
        summary: 'Form that leaves the recovery codes behind',
        security: [],
        body: closed({ saved: Type.Optional(Type.Literal('yes')) }),
        response: answersToBody({ 200: Page, 303: Redirect }, 'mfa_disabled')
      }
    },
    async (_request, reply) => finish(reply, { signedIn: false })
  )

  /** A challenge that is over has no form to be shown again. */
  function showEnd(request: FastifyRequest, reply: FastifyReply, problem: Problem) {
    const { detail, code } = problemBody(problem, request.language.texts)
    const status = problem.statusCode
    return reply.forgetChallenge().page('error', { status, detail, code }, status)
  }

  const Method = closed({ method: Type.Optional(Type.String({ pattern: '^(code|recovery)$' })) })

  fastify.route({
    method: ['GET', 'HEAD'],
    url: '/mfa/challenge/page/',
    config: shows,
    preParsing,
    schema: {
      operationId: 'showMfaChallenge',
      tags,
      summary: 'Page that asks for the second factor',
      description,
      security: [],
      querystring: Method,
      response: answers({ 200: Page }, 'validation_error', 'challenge_invalid', 'mfa_disabled')
    },
    handler: async (request, reply) => {
      if (request.keptChallenge === null) throw new Problem('challenge_invalid')
      const { method = 'code' } = request.query as { method?: 'code' | 'recovery' }
      return reply.page('mfa/challenge', { method })
    }
  })

  fastify.post(
    '/mfa/challenge/page/',
    {
      config: acts,
      preParsing,
      attachValidation: true,
      schema: {
        operationId: 'answerMfaChallenge',
        tags,
        summary: 'Form that finishes a sign-in',
        description: `Signs in by cookie. With \`challenge_id\` alone it only leads to the page. ${description}`,
        security: [],
        body: closed({
          code: Type.Optional(TotpCode),
          recovery_code: Type.Optional(RecoveryCode),
          challenge_id: Type.Optional(ChallengeId)
        }),
        response: answersToBody(
          { 200: Page, 303: Redirect },
          'challenge_invalid',
          'invalid_code',
          'totp_not_active',
          'cross_site_request',
          'mfa_disabled'
        )
      }
    },
    async (request, reply) => {
      const method = 'recovery_code' in (request.body as object) ? 'recovery' : 'code'
      return answerForm(
        request,
        async () => {
          const { challenge_id } = request.body
          if (challenge_id !== undefined)
            return reply.keepChallenge(challenge_id).redirect(`${base}/mfa/challenge/page/`, 303)
          const offered = offeredFactor(request.body) ?? { method: 'otp', code: '' }
          const challengeId = request.keptChallenge ?? ''
          try {
            const signIn = await verifyChallenge(deps, { challengeId, offered }, byCookie(request))
            reply.forgetChallenge().giveSignIn(signIn)
          } catch (error) {
            if (isForm(request) && error instanceof Problem && error.code === 'challenge_invalid')
              return showEnd(request, reply, error)
            throw error
          }
          return finish(reply, { signedIn: true })
        },
        (errors, status) => reply.page('mfa/challenge', { method, errors }, status)
      )
    }
  )
}

export default routes
