import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { limitedTo } from '../../plugins/rate-limit.js'
import { register } from '../../src/registration/register.js'
import { answersToBody, exampleToken, tokenFields } from '../schemas/answers.js'
import { closed, Email, Name, Password, TransportHeader } from '../schemas/fields.js'

const Registered = Type.Object(
  {
    email: Type.String({ description: 'The address in its canonical form.' }),
    key: Type.String({
      description: 'The access token again, under the name that older clients read.'
    }),
    ...tokenFields
  },
  {
    description: 'The account exists and is signed in.',
    examples: [{ email: 'ada@example.com', key: exampleToken, access: exampleToken }]
  }
)

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify

  fastify.post(
    '/registration/',
    {
      config: {
        auth: 'none',
        rateLimit: limitedTo('registration', deps.config.RATE_LIMIT_REGISTRATION)
      },
      schema: {
        operationId: 'register',
        tags: ['Registration'],
        summary: 'Sign up',
        security: [],
        headers: TransportHeader,
        body: closed({
          email: Email,
          password1: Password,
          password2: Password,
          first_name: Type.Optional(Name),
          last_name: Type.Optional(Name)
        }),
        response: answersToBody({ 201: Registered }, 'email_taken', 'busy')
      }
    },
    async (request, reply) => {
      const { email, password1, password2, first_name = '', last_name = '' } = request.body
      const signUp = {
        email,
        password1,
        password2,
        firstName: first_name.normalize('NFC'),
        lastName: last_name.normalize('NFC')
      }
      const grant = await register(deps, signUp, request.clientFor(email))
      reply.rememberDevice(grant.user.email)
      const { access, ...refresh } = reply.giveTokens(grant)
      return reply.code(201).send({ email: grant.user.email, key: access, access, ...refresh })
    }
  )
}

export default routes
