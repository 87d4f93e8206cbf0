import formbody from '@fastify/formbody'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { answerForm, isForm, typedEmail } from '../../plugins/http/forms.js'
import { limitedTo } from '../../plugins/http/limited-to.js'
import { Problem } from '../../src/base/errors/problem.js'
import { sendLink } from '../../src/mail/send-link.js'
import { confirmByCode } from '../../src/registration/verify-email.js'
import { answers, answersToBody, Detail, Page, Redirect, signInFields } from '../schemas/answers.js'
import { EmailAndCode, EmailOnly } from '../schemas/mail-codes.js'
import { byCookie, land } from './landing.js'

/** Confirming the address of a sign-up beside its link: by code, with another mail (contract A.3.22). */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps
  const rateLimit = limitedTo('password-reset', config.RATE_LIMIT_PASSWORD_RESET)
  await fastify.register(formbody, { bodyLimit: 16 * 1024 })

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
          {
            200: Type.Object(
              { ...signInFields, detail: Type.String() },
              { description: 'Confirmed.', examples: [{ detail: 'The address is confirmed.' }] }
            ),
            303: Redirect
          },
          'invalid_code'
        )
      }
    },
    async (request, reply) =>
      answerForm(
        request,
        async () => {
          const { email, code } = request.body
          const typed = { email, code, network: request.sender.network }
          const confirmation = await confirmByCode(deps, typed, byCookie(request))
          if (isForm(request)) return land(request, reply, confirmation, 303)
          if (confirmation.outcome !== 'confirmed') throw new Problem('invalid_code')
          const { signIn } = confirmation
          const given = signIn === null ? {} : reply.giveSignIn(signIn)
          return { ...given, detail: request.language.texts('details', 'verified') }
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
          const { network, locale } = request.sender
          await sendLink(deps, { kind: 'email_verification', email, network, locale })
          if (isForm(request)) {
            return reply.page('registration/verification-sent', { resent: true, values: { email } })
          }
          return { detail: request.language.texts('details', 'verification_sent') }
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
}

export default routes
