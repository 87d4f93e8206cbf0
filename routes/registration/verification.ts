import formbody from '@fastify/formbody'
import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { limitedTo } from '../../plugins/rate-limit.js'
import {
  type Confirmation,
  confirmByCode,
  confirmByToken,
  inspectConfirmation
} from '../../src/email-verification/confirm.js'
import { resendConfirmation } from '../../src/email-verification/resend.js'
import { Problem } from '../../src/errors/problem.js'
import { answerForm, isForm, isPrefetch, typedEmail } from '../forms.js'
import { answers, answersToBody, Detail, Page, Redirect } from '../schemas/answers.js'
import { closed } from '../schemas/fields.js'
import { EmailAndCode, EmailOnly } from '../schemas/mail-codes.js'

const Key = closed({ key: Type.String({ maxLength: 64 }) })

/** Confirming the address of a sign-up, by link or by code (contract 1.11, A.3.22). */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps
  const base = config.BASE_PATH
  const landing = config.EMAIL_VERIFIED_REDIRECT ?? `${base}/registration/verified/`
  const rateLimit = limitedTo('password-reset', config.RATE_LIMIT_PASSWORD_RESET)
  await fastify.register(formbody, { bodyLimit: 16 * 1024 })

  /** A session that a link opens travels by cookie: a redirect has no body to put it in. */
  const byCookie = (request: FastifyRequest) => ({
    transport: 'cookie' as const,
    device: request.device
  })

  function fail(request: FastifyRequest, reply: FastifyReply, reason: 'invalid' | 'superseded') {
    if (request.wantsPage || isForm(request))
      return reply.page('registration/verification-failed', { reason }, 400)
    throw new Problem('link_invalid')
  }

  function land(
    request: FastifyRequest,
    reply: FastifyReply,
    confirmation: Confirmation,
    status: 302 | 303
  ) {
    if (confirmation.outcome !== 'confirmed') return fail(request, reply, confirmation.outcome)
    if (confirmation.signIn !== null) reply.giveSignIn(confirmation.signIn)
    return reply.redirect(landing, status)
  }

  fastify.route({
    method: ['GET', 'HEAD'],
    url: '/registration/verification/:key/',
    config: { auth: 'none', page: true, rateLimit },
    schema: {
      operationId: 'openVerification',
      tags: ['Registration'],
      summary: 'Follow a confirmation link',
      description:
        'Confirms the address and leads on, on every later visit too. With `EMAIL_VERIFICATION_CONFIRM_BUTTON` it shows a button that posts to the same URL. `HEAD` and prefetches have no effect.',
      security: [],
      params: Key,
      response: answers(
        { 200: Page, 204: Type.Null({ description: 'A prefetch.' }), 302: Redirect },
        'link_invalid'
      )
    },
    handler: async (request, reply) => {
      if (isPrefetch(request)) return reply.code(204).send(null)
      const { key } = request.params as { key: string }
      if (!config.EMAIL_VERIFICATION_CONFIRM_BUTTON) {
        return land(request, reply, await confirmByToken(deps, key, byCookie(request)), 302)
      }
      const standing = await inspectConfirmation(deps, key)
      if (standing === 'live') return reply.page('registration/verify', {})
      if (standing === 'confirmed') return reply.redirect(landing, 302)
      return fail(request, reply, standing)
    }
  })

  fastify.post(
    '/registration/verification/:key/',
    {
      config: { auth: 'none', page: true, rateLimit },
      schema: {
        operationId: 'confirmVerification',
        tags: ['Registration'],
        summary: 'Confirm an address by its link',
        security: [],
        params: Key,
        body: closed({}),
        response: answersToBody({ 303: Redirect }, 'link_invalid')
      }
    },
    async (request, reply) =>
      land(request, reply, await confirmByToken(deps, request.params.key, byCookie(request)), 303)
  )

  fastify.post(
    '/registration/verification/code/',
    {
      config: { auth: 'none', page: true, rateLimit },
      attachValidation: true,
      schema: {
        operationId: 'confirmVerificationByCode',
        tags: ['Registration'],
        summary: 'Confirm an address by the code of its mail',
        security: [],
        body: EmailAndCode,
        response: answersToBody(
          { 200: Detail('The address is confirmed.'), 303: Redirect },
          'invalid_code'
        )
      }
    },
    async (request, reply) =>
      answerForm(
        request,
        async () => {
          const { email, code } = request.body
          const typed = { email, code, network: request.network }
          const confirmation = await confirmByCode(deps, typed, byCookie(request))
          if (isForm(request)) return land(request, reply, confirmation, 303)
          if (confirmation.outcome !== 'confirmed') throw new Problem('invalid_code')
          if (confirmation.signIn !== null) reply.giveSignIn(confirmation.signIn)
          return { detail: request.texts('details', 'verified') }
        },
        (errors, status) =>
          reply.page(
            'registration/verification-sent',
            { errors, values: typedEmail(request) },
            status
          )
      )
  )

  fastify.post(
    '/registration/verification/resend/',
    {
      config: { auth: 'none', page: true, rateLimit },
      attachValidation: true,
      schema: {
        operationId: 'resendVerification',
        tags: ['Registration'],
        summary: 'Mail a new confirmation link',
        description: 'The answer is the same for every address; links mailed before are dead.',
        security: [],
        body: EmailOnly,
        response: answersToBody({ 200: Detail('Verification e-mail sent.') })
      }
    },
    async (request, reply) =>
      answerForm(
        request,
        async () => {
          const { email } = request.body
          const { network, locale } = request
          await resendConfirmation(deps, { email, network, locale })
          if (isForm(request)) {
            return reply.page('registration/verification-sent', { resent: true, values: { email } })
          }
          return { detail: request.texts('details', 'verification_sent') }
        },
        (errors, status) =>
          reply.page(
            'registration/verification-sent',
            { errors, values: typedEmail(request) },
            status
          )
      )
  )

  fastify.get(
    '/registration/account_email_verification_sent/',
    {
      config: { auth: 'none', page: true },
      schema: {
        operationId: 'showVerificationSent',
        tags: ['Registration'],
        summary: 'Page that asks to look into the mailbox',
        security: [],
        response: answers({ 200: Page })
      }
    },
    async (_request, reply) => reply.page('registration/verification-sent', {})
  )

  if (config.EMAIL_VERIFIED_REDIRECT !== null) return
  fastify.get(
    '/registration/verified/',
    {
      config: { auth: 'none', page: true },
      schema: {
        operationId: 'showVerified',
        tags: ['Registration'],
        summary: 'Page that says the address is confirmed',
        security: [],
        response: answers({ 200: Page })
      }
    },
    async (_request, reply) => reply.page('registration/verified', {})
  )
}

export default routes
