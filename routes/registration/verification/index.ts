import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { byCookie, showEmailAgain } from '../../../plugins/http/forms.js'
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
  failVerification,
  redirectAfterVerification,
  showVerificationFailed,
  verifiedPage
} from './redirects.js'

/** Confirming the address of a sign-up: by code, by the button, and sending the mail again. */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps
  if (config.EMAIL_VERIFICATION_CONFIRM_BUTTON) await fastify.register(confirmByButton)
  // The routes below are only for sign-up. The button also serves links that were mailed earlier.
  if (config.EMAIL_VERIFICATION === 'none' || config.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION) return

  fastify.post(
    '/registration/verification/code/',
    {
      config: { auth: 'none', page: true, limit: 'password_reset', problems: ['invalid_code'] },
      errorHandler: showEmailAgain('registration/verification-sent'),
      schema: {
        operationId: 'confirmVerificationByCode',
        summary: 'Confirm an address with the code from its mail',
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
      if (isForm(request)) return redirectAfterVerification(reply, confirmation, 303)
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
      summary: 'Mail a new confirmation link',
      description: 'The answer is the same for every address. Earlier links stop working.'
    },
    detail: ['verification_sent', 'Verification e-mail sent.'],
    form: 'registration/verification-sent',
    showDone: (reply, values) =>
      reply.page('registration/verification-sent', { values, resent: true })
  })
}

/** The page with the button, and the button's route. Both need the cookie of the link (LNK-12). */
const confirmByButton: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify

  fastify.get(
    '/registration/verification/',
    {
      config: { auth: 'none', page: true, limit: 'password_reset', problems: ['link_invalid'] },
      schema: {
        operationId: 'showVerification',
        summary: 'Page with the button that confirms an address',
        response: { 200: Page, 302: Redirect }
      }
    },
    async (request, reply) => {
      const id = request.readFlow('email_verification')
      const link = id ? await openConfirmation(deps, { id }) : null
      if (link?.status === 'live')
        return reply.page('registration/verify', { maskedEmail: maskAddress(link.address) })
      if (link?.status === 'redeemed') return reply.redirect(verifiedPage(fastify), 302)
      const reason = link?.status === 'superseded' ? 'superseded' : 'invalid'
      return failVerification(reply, reason)
    }
  )

  fastify.post(
    '/registration/verification/',
    {
      config: { auth: 'flow', flow: 'email_verification', page: true, limit: 'password_reset' },
      errorHandler: showVerificationFailed,
      schema: {
        operationId: 'confirmVerificationByPage',
        summary: 'Form that confirms an address',
        body: closed({}),
        response: { 303: Redirect }
      }
    },
    async (request, reply) => {
      const confirmation = await confirmByLink(deps, { id: request.flow }, byCookie(request))
      return redirectAfterVerification(reply, confirmation, 303)
    }
  )
}

export default routes
