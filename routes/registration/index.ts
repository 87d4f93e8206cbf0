import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { limitedTo } from '../../plugins/rate-limit.js'
import { register } from '../../src/registration/register.js'
import { answersToBody, exampleToken, tokenFields } from '../schemas/answers.js'
import { closed, Email, Name, Password, TransportHeader } from '../schemas/fields.js'

const Registered = Type.Object(
  {
    email: Type.String({ description: 'The address in its canonical form.' }),
    key: Type.Optional(
      Type.String({
        description: 'The access token again, under the name that older clients read.'
      })
    ),
    ...tokenFields,
    access: Type.Optional(tokenFields.access),
    detail: Type.Optional(Type.String({ description: 'A mail was sent to confirm the address.' }))
  },
  {
    description:
      'Signed up. Tokens are there unless the address has to be confirmed first; then a taken address is answered alike.',
    examples: [
      { email: 'ada@example.com', key: exampleToken, access: exampleToken },
      { email: 'ada@example.com', detail: 'Verification e-mail sent.' }
    ]
  }
)

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify
  const { config } = deps

  fastify.post(
    '/registration/',
    {
      config: {
        auth: 'none',
        rateLimit: limitedTo('registration', config.RATE_LIMIT_REGISTRATION)
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
      const { signIn, ...registered } = await register(deps, signUp, request.clientFor(email))
      const asksToVerify = config.EMAIL_VERIFICATION !== 'none'
      const detail = asksToVerify ? { detail: request.texts('details', 'verification_sent') } : {}
      reply.code(201)
      if (signIn === null) return { email: registered.email, ...detail }
      const { access, ...refresh } = reply.giveSignIn(signIn)
      return { email: registered.email, key: access, access, ...refresh, ...detail }
    }
  )
}

export default routes
