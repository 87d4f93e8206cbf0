import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { byCookie } from '../plugins/http/forms.js'
import { isForm } from '../plugins/http/negotiate.js'
import { problemBody, problemOf } from '../plugins/http/problem-body.js'
import { login } from '../src/sign-in/login.js'
import { answerSignInForm } from './answer-sign-in-form.js'
import { Page, Redirect, SignedIn } from './schemas/answers.js'
import { closed, Email, Password, TransportHeader } from './schemas/fields.js'

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps

  /** Shows the form again. With the right password of an address that is not confirmed, it is the page that confirms it. */
  function showAgain(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
    const problem = problemOf(error, request)
    const { statusCode: status, details } = problem
    if (!isForm(request) || request.body === undefined || ![400, 401, 429].includes(status))
      throw error
    const { email } = request.body as { email?: unknown }
    const values = { email: typeof email === 'string' ? email.slice(0, 254) : '' }
    if (problem.code === 'email_not_verified' && !config.JWT_ALLAUTH_ADMIN_MANAGED_REGISTRATION)
      return reply.page('registration/verification-sent', { values, unconfirmed: true }, status)
    if (details.retryAfter !== undefined) reply.header('retry-after', details.retryAfter)
    const { detail, errors } = problemBody(problem, request.language.texts)
    const shown = { values, errors: errors ?? { non_field_errors: [detail] } }
    return reply.page('login/form', { ...shown, wait: details.retryAfter }, status)
  }

  if (config.HOSTED_PAGES)
    fastify.get(
      '/login/',
      {
        config: { auth: 'visitor', page: true },
        schema: {
          operationId: 'showLogin',
          summary: 'Page that signs in',
          description:
            'With `return_to`, an address that `RETURN_URLS` allows, the person goes there afterwards.',
          response: { 200: Page }
        }
      },
      async (request, reply) => {
        reply.keepReturn()
        const { user } = request.bearer?.principal ?? {}
        return user === undefined
          ? reply.page('login/form', {})
          : reply.page('login/signed-in', { email: user.email })
      }
    )

  fastify.post(
    '/login/',
    {
      config: {
        auth: 'none',
        ...(config.HOSTED_PAGES && { page: true }),
        limit: 'login',
        problems: ['incorrect_credentials', 'email_not_verified', 'busy']
      },
      errorHandler: showAgain,
      schema: {
        operationId: 'login',
        summary: 'Sign in with email address and password',
        description:
          'Opens a session, or answers with a challenge for the second factor. Failures are counted per account, per network and per pair of both. After too many failures the answer is 429 with the time to wait.',
        headers: TransportHeader,
        body: closed({ email: Email, password: Password }),
        response: { 200: SignedIn, 303: Redirect }
      }
    },
    async (request, reply) => {
      if (isForm(request))
        return answerSignInForm(reply, await login(deps, request.body, byCookie(request)))
      return reply.answerSignIn(await login(deps, request.body, request.sender))
    }
  )
}

export default routes
