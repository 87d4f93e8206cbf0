import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { login } from '../src/sign-in/login.js'
import { SignedIn } from './schemas/answers.js'
import { closed, Email, Password, TransportHeader } from './schemas/fields.js'

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify

  fastify.post(
    '/login/',
    {
      config: {
        auth: 'none',
        limit: 'login',
        problems: ['incorrect_credentials', 'email_not_verified', 'busy']
      },
      schema: {
        operationId: 'login',
        summary: 'Sign in with e-mail address and password',
        description:
          'Opens a session, or answers with a challenge for the second factor. Failures are counted per account, per network and per pair of both. After too many failures the answer is 429 with the time to wait.',
        headers: TransportHeader,
        body: closed({ email: Email, password: Password }),
        response: { 200: SignedIn }
      }
    },
    async (request, reply) => {
      return reply.answerSignIn(await login(deps, request.body, request.sender))
    }
  )
}

export default routes
