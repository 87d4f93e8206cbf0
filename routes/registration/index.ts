import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { byCookie, showEmailAgain } from '../../plugins/http/forms.js'
import { isForm } from '../../plugins/http/negotiate.js'
import { signUp } from '../../src/registration/sign-up.js'
import { confirmsAddresses } from '../../src/registration/verify-email.js'
import { answerSignInForm } from '../answer-sign-in-form.js'
import { exampleToken, Page, Redirect, signInFields } from '../schemas/answers.js'
import { closed, Email, Name, Password, TransportHeader } from '../schemas/fields.js'
import { showPage } from '../show-page.js'

const Registered = Type.Object(
  {
    email: Type.String({ description: 'The address in its canonical form.' }),
    key: Type.Optional(
      Type.String({
        description: 'The access token again, under the name that older clients use.'
      })
    ),
    ...signInFields,
    detail: Type.Optional(
      Type.String({ description: 'Present when a mail was sent to confirm the address.' })
    )
  },
  {
    description:
      'Signed up. Tokens are present unless the address must be confirmed or a second factor set up first. When it must be confirmed, a taken address gets the same answer; its setup challenge fails like an expired one.',
    examples: [
      { email: 'ada@example.com', key: exampleToken, access: exampleToken, expires_in: 1800 },
      { email: 'ada@example.com', detail: 'Verification email sent.' },
      { email: 'ada@example.com', mfa_setup_required: true, setup_challenge_id: 'Zt0c…' }
    ]
  }
)

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps

  if (confirmsAddresses(config) && config.EMAIL_VERIFIED_REDIRECT === null)
    showPage(fastify, '/registration/verified/', 'registration/verified', {
      operationId: 'showVerified',
      summary: 'Page that says that the address is confirmed'
    })
  if (config.HOSTED_PAGES)
    fastify.get(
      '/registration/',
      {
        config: { auth: 'visitor', page: true },
        schema: {
          operationId: 'showRegistration',
          summary: 'Page that signs up, or says that an invitation is needed',
          response: { 200: Page }
        }
      },
      async (request, reply) => {
        reply.keepReturn()
        const { user } = request.bearer?.principal ?? {}
        if (user !== undefined) return reply.page('login/signed-in', { email: user.email })
        if (config.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION)
          return reply.page('registration/closed', {})
        return reply.page('registration/form', {})
      }
    )
  if (config.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION) return
  if (config.EMAIL_VERIFICATION !== 'none')
    showPage(
      fastify,
      '/registration/account_email_verification_sent/',
      'registration/verification-sent',
      { operationId: 'showVerificationSent', summary: 'Page that says that a mail was sent' }
    )

  fastify.post(
    '/registration/',
    {
      config: {
        auth: 'none',
        ...(config.HOSTED_PAGES && { page: true }),
        limit: 'registration',
        problems: ['email_taken', 'busy']
      },
      errorHandler: showEmailAgain('registration/form'),
      schema: {
        operationId: 'register',
        summary: 'Sign up',
        headers: TransportHeader,
        body: closed({
          email: Email,
          password1: Password,
          password2: Password,
          first_name: Type.Optional(Name),
          last_name: Type.Optional(Name)
        }),
        response: { 200: Page, 201: Registered, 303: Redirect }
      }
    },
    async (request, reply) => {
      const { email, password1, password2, first_name = '', last_name = '' } = request.body
      const wanted = { email, password1, password2, firstName: first_name, lastName: last_name }
      const sender = isForm(request) ? byCookie(request) : request.sender
      const { signIn, ...registered } = await signUp(deps, wanted, sender)
      if (isForm(request))
        return signIn === null
          ? reply.page('registration/verification-sent', { values: { email: registered.email } })
          : answerSignInForm(reply, signIn)
      const asksToVerify = config.EMAIL_VERIFICATION !== 'none'
      const detail = asksToVerify
        ? { detail: request.language.texts('details', 'verification_sent') }
        : {}
      reply.code(201)
      if (signIn === null) return { email: registered.email, ...detail }
      const given = reply.answerSignIn(signIn)
      const key = 'access' in given ? { key: given.access } : {}
      return { email: registered.email, ...key, ...given, ...detail }
    }
  )
}

export default routes
