import formbody from '@fastify/formbody'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { showAgain, typedEmail } from '../../../plugins/http/forms.js'
import { limitedTo } from '../../../plugins/http/limited-to.js'
import { isForm } from '../../../plugins/http/negotiate.js'
import { maskAddress } from '../../../src/base/email-address.js'
import { Problem } from '../../../src/base/errors/problem.js'
import {
  confirmByCode,
  confirmByLink,
  openConfirmation
} from '../../../src/registration/verify-email.js'
import { requestMail } from '../../request-mail.js'
import { Page, Redirect, signInFields } from '../../schemas/answers.js'
import { closed } from '../../schemas/fields.js'
import { EmailAndCode } from '../../schemas/mail-codes.js'
import {
  byCookie,
  failVerification,
  redirectAfterVerification,
  showVerificationFailed,
  verifiedPage
} from './redirects.js'

/** Confirming the address of a sign-up beside its link: by code, with another mail. */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps
  const rateLimit = limitedTo('password_reset', config.RATE_LIMIT_PASSWORD_RESET)
  await fastify.register(formbody, { bodyLimit: 16 * 1024 })
  if (config.EMAIL_VERIFICATION_CONFIRM_BUTTON) await fastify.register(confirmByButton)
  // Invitations are confirmed too, by their links; what only a sign-up needs is absent without one.
  if (config.EMAIL_VERIFICATION === 'none' || config.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION) return

  fastify.post(
    '/registration/verification/code/',
    {
      config: { auth: 'none', page: true, rateLimit, problems: ['invalid_code'] },
      errorHandler: showAgain((request, reply, errors, status) =>
        reply.page(
          'registration/verification-sent',
          { errors, values: typedEmail(request) },
          status
        )
      ),
      schema: {
        operationId: 'confirmVerificationByCode',
        tags: ['Registration'],
        summary: 'Confirm an address by the code of its mail',
        security: [],
        body: EmailAndCode,
        response: {
          200: Type.Object(
            { ...signInFields, detail: Type.String() },
            { description: 'Confirmed.', examples: [{ detail: 'The address is confirmed.' }] }
          ),
          303: Redirect
        }
      }
    },
    async (request, reply) => {
      const { email, code } = request.body
      const confirmation = await confirmByCode(deps, { email, code }, byCookie(request))
      if (isForm(request)) return redirectAfterVerification(request, reply, confirmation, 303)
      if (confirmation.outcome !== 'confirmed') throw new Problem('invalid_code')
      const { signIn } = confirmation
      const given = signIn === null ? {} : reply.answerSignIn(signIn)
      return { ...given, detail: request.language.texts('details', 'verified') }
    }
  )

  requestMail(fastify, '/registration/verification/resend/', {
    kind: 'email_verification',
    schema: {
      operationId: 'resendVerification',
      tags: ['Registration'],
      summary: 'Mail a new confirmation link',
      description: 'The answer is the same for every address; links mailed before are dead.'
    },
    detail: ['verification_sent', 'Verification e-mail sent.'],
    show: (reply, email, wrong) =>
      reply.page(
        'registration/verification-sent',
        { values: { email }, ...(wrong ? { errors: wrong.errors } : { resent: true }) },
        wrong?.status
      )
  })
}

/** The page with the button, and what it does: both by the cookie that the link left (LNK-12). */
const confirmByButton: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const rateLimit = limitedTo('password_reset', deps.config.RATE_LIMIT_PASSWORD_RESET)

  fastify.get(
    '/registration/verification/',
    {
      config: { auth: 'none', page: true, rateLimit, problems: ['link_invalid'] },
      schema: {
        operationId: 'showVerification',
        tags: ['Registration'],
        summary: 'Page with the button that confirms an address',
        security: [],
        response: { 200: Page, 302: Redirect }
      }
    },
    async (request, reply) => {
      const id = request.readFlow('email_verification')
      const link = id ? await openConfirmation(deps, { id }) : null
      if (link?.status === 'live')
        return reply.page('registration/verify', { maskedEmail: maskAddress(link.address) })
      if (link?.status === 'redeemed') return reply.redirect(verifiedPage(request), 302)
      const reason = link?.status === 'superseded' ? 'superseded' : 'invalid'
      return failVerification(request, reply, reason)
    }
  )

  fastify.post(
    '/registration/verification/',
    {
      config: { auth: 'flow', flow: 'email_verification', page: true, rateLimit },
      errorHandler: showVerificationFailed,
      schema: {
        operationId: 'confirmVerificationByPage',
        tags: ['Registration'],
        summary: 'Confirm the address whose link this browser opened',
        security: [],
        body: closed({}),
        response: { 303: Redirect }
      }
    },
    async (request, reply) => {
      const confirmation = await confirmByLink(deps, { id: request.flow }, byCookie(request))
      return redirectAfterVerification(request, reply, confirmation, 303)
    }
  )
}

export default routes
