import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { type Profile, updateProfile } from '../../src/user/update-profile.js'
import { closed, Email, Name } from '../schemas/fields.js'
import { evidenceOf, OptionalPassword, proofFields, proofProblems, proofs } from '../schemas/mfa.js'

const User = Type.Object(
  {
    email: Type.String(),
    first_name: Type.String(),
    last_name: Type.String(),
    pending_email: Type.Optional(
      Type.String({ description: 'The new address, until the link in its mail is followed.' })
    )
  },
  {
    description: 'The account.',
    examples: [{ email: 'ada@example.com', first_name: 'Ada', last_name: 'Lovelace' }]
  }
)

const problems = [...proofProblems, 'email_taken'] as const

const Changes = closed({
  email: Type.Optional(Email),
  first_name: Type.Optional(Name),
  last_name: Type.Optional(Name),
  password: OptionalPassword,
  ...proofFields
})
type Update = Pick<FastifyRequest, 'principal' | 'sender'> & { body: Static<typeof Changes> }
const description = `A new address needs a sign-in or re-authentication in the last ten minutes, or \`password\`. ${proofs} Each of these fields is checked when it is sent.`

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify

  /** `missing` takes the place of a name that the body lacks. */
  async function update({ body, principal, sender }: Update, missing?: '') {
    const { email, first_name: firstName = missing, last_name: lastName = missing } = body
    const profile = { email, firstName, lastName }
    return toAnswer(await updateProfile(deps, principal, profile, evidenceOf(body), sender))
  }

  fastify.get(
    '/user/',
    {
      config: { auth: 'bearer' },
      schema: {
        operationId: 'readUser',
        summary: 'Read the account',
        response: { 200: User }
      }
    },
    async request => {
      const { user, pendingEmail } = request.principal
      return toAnswer({ ...user, pendingEmail })
    }
  )

  fastify.put(
    '/user/',
    {
      config: { auth: 'bearer', problems },
      schema: {
        operationId: 'replaceUser',
        summary: 'Replace names and address',
        description: `A missing name becomes empty. ${description}`,
        body: closed({ ...Changes.properties, email: Email }),
        response: { 200: User }
      }
    },
    request => update(request, '')
  )

  fastify.patch(
    '/user/',
    {
      config: { auth: 'bearer', problems },
      schema: {
        operationId: 'updateUser',
        summary: 'Change names or address',
        description: `A missing field stays unchanged. ${description}`,
        body: Changes,
        response: { 200: User }
      }
    },
    request => update(request)
  )
}

function toAnswer({ email, firstName, lastName, pendingEmail }: Profile): Static<typeof User> {
  const pending = pendingEmail === null ? {} : { pending_email: pendingEmail }
  return { email, first_name: firstName, last_name: lastName, ...pending }
}

export default routes
