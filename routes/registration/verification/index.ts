import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import {
  byCookie,
  type FormErrors,
  showAgain,
  showEmailAgain
} from '../../../plugins/http/forms.js'
import { isForm } from '../../../plugins/http/negotiate.js'
import { maskAddress } from '../../../src/base/email-address.js'
import { Problem } from '../../../src/base/errors/problem.js'
import {
  confirmByCode,
  confirmByLink,
  confirmsAddresses,
  openConfirmation
} from '../../../src/registration/verify-email.js'
import { requestMail } from '../../request-mail.js'
import { Page, Redirect, signInFields } from '../../schemas/answers.js'
import { closed, TransportHeader } from '../../schemas/fields.js'
import { emailAndCode } from '../../schemas/mail-codes.js'
import { ownerPasswordFields, ownerPasswordOf } from './owner-password.js'
import {
  failVerification,
  mailsConfirmations,
  redirectAfterVerification,
  verifiedPage
} from './redirects.js'

/** Confirming the address of a sign-up: by code, by the page of a link, and sending the mail again. */
const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  if (confirmsAddresses(deps.config)) await fastify.register(confirmByPage)
  // The routes below are only for sign-up. The page also serves links that were mailed earlier.
  if (!mailsConfirmations(fastify)) return

  fastify.post(
    '/registration/verification/code/',
    {
      config: {
        auth: 'none',
        page: true,
        limit: 'password_reset',
        problems: ['invalid_code', 'password_required', 'incorrect_password', 'busy']
      },
      errorHandler: showEmailAgain('registration/verification-sent'),
      schema: {
        operationId: 'confirmVerificationByCode',
        summary: 'Confirm an address with the code from its mail',
        description:
          'While several sign-ups with the address are pending, it needs the password of the sign-up that the code was mailed for, or a new password.',
        headers: TransportHeader,
        body: closed({ ...emailAndCode, ...ownerPasswordFields }),
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
      const { email, code, ...passwords } = request.body
      const sender = isForm(request) ? byCookie(request) : request.sender
      const visit = { sent: ownerPasswordOf(passwords), sender }
      const confirmation = await confirmByCode(deps, { email, code }, visit)
      if (isForm(request)) return redirectAfterVerification(reply, confirmation, 303)
      if (confirmation.outcome === 'contested') throw new Problem('password_required')
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
    detail: ['verification_sent', 'Verification email sent.'],
    form: 'registration/verification-sent',
    showDone: (reply, values) =>
      reply.page('registration/verification-sent', { values, resent: true })
  })
}

/**
 * The page of a link, and its route: the button, or the form of a contested sign-up. Both need the cookie of
 * the link (LNK-12).
 */
const confirmByPage: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify

  async function showForm(
    request: FastifyRequest,
    reply: FastifyReply,
    errors?: FormErrors,
    status = 200
  ) {
    const id = request.readFlow('email_verification')
    const link = id ? await openConfirmation(deps, { id }) : null
    if (link?.status === 'redeemed') return reply.redirect(verifiedPage(fastify), 302)
    if (link?.status !== 'live')
      return failVerification(reply, link?.status === 'superseded' ? 'superseded' : 'invalid')
    const { address: email } = link
    if (link.contested) return reply.page('registration/contested', { errors, email }, status)
    return reply.page('registration/verify', { maskedEmail: maskAddress(email) }, status)
  }

  async function showProblem(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
    const isDead = error instanceof Problem && error.code === 'link_invalid'
    return isDead ? failVerification(reply, 'invalid') : showAgain(showForm)(error, request, reply)
  }

  fastify.get(
    '/registration/verification/',
    {
      config: { auth: 'none', page: true, limit: 'password_reset', problems: ['link_invalid'] },
      schema: {
        operationId: 'showVerification',
        summary: 'Page that confirms an address: a button, or a form that asks for a password',
        response: { 200: Page, 302: Redirect }
      }
    },
    async (request, reply) => showForm(request, reply)
  )

  fastify.post(
    '/registration/verification/',
    {
      config: {
        auth: 'flow',
        flow: 'email_verification',
        page: true,
        limit: 'password_reset',
        problems: ['password_required', 'incorrect_password', 'busy']
      },
      errorHandler: showProblem,
      schema: {
        operationId: 'confirmVerificationByPage',
        summary: 'Form that confirms an address',
        body: closed(ownerPasswordFields),
        response: { 303: Redirect }
      }
    },
    async (request, reply) => {
      const visit = { sent: ownerPasswordOf(request.body), sender: byCookie(request) }
      const confirmation = await confirmByLink(deps, { id: request.flow }, visit)
      if (confirmation.outcome === 'contested') throw new Problem('password_required')
      return redirectAfterVerification(reply, confirmation, 303)
    }
  )
}

export default routes
