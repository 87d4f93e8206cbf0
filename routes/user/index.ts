import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
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
      Type.String({ description: 'The address that waits for its mailbox to confirm it.' })
    )
  },
  {
    description: 'The account.',
    examples: [{ email: 'ada@example.com', first_name: 'Ada', last_name: 'Lovelace' }]
  }
)

const problems = [...proofProblems, 'email_taken'] as const

const evidence = { password: OptionalPassword, ...proofFields }
const description = `Another address asks for a sign-in or re-authentication of the last ten minutes, or for \`password\`. ${proofs} Whatever of these is sent is checked.`

const routes: FastifyPluginAsyncTypebox = async fastify => {
  const { deps } = fastify

  fastify.get(
    '/user/',
    {
      config: { auth: 'bearer' },
      schema: {
        operationId: 'readUser',
        summary: 'Read one’s own account',
        response: { 200: User }
      }
    },
    async request => {
      const { user, pendingEmail } = request.principal
      return userAnswer({ ...user, pendingEmail })
    }
  )

  fastify.put(
    '/user/',
    {
      config: { auth: 'bearer', problems },
      schema: {
        operationId: 'replaceUser',
        summary: 'Replace names and address',
        description: `A name that is missing becomes empty. ${description}`,
        body: closed({
          email: Email,
          first_name: Type.Optional(Name),
          last_name: Type.Optional(Name),
          ...evidence
        }),
        response: { 200: User }
      }
    },
    async request => {
      const { principal, body, sender } = request
      const { email, first_name: firstName = '', last_name: lastName = '' } = body
      const update = { email, firstName, lastName }
      return userAnswer(await updateProfile(deps, principal, update, evidenceOf(body), sender))
    }
  )

  fastify.patch(
    '/user/',
    {
      config: { auth: 'bearer', problems },
      schema: {
        operationId: 'updateUser',
        summary: 'Change names or address',
        description: `A field that is missing stays as it is. ${description}`,
        body: closed({
          email: Type.Optional(Email),
          first_name: Type.Optional(Name),
          last_name: Type.Optional(Name),
          ...evidence
        }),
        response: { 200: User }
      }
    },
    async request => {
      const { principal, body, sender } = request
      const { email, first_name: firstName, last_name: lastName } = body
      const update = { email, firstName, lastName }
      return userAnswer(await updateProfile(deps, principal, update, evidenceOf(body), sender))
    }
  )
}

function userAnswer({ email, firstName, lastName, pendingEmail }: Profile): Static<typeof User> {
  const pending = pendingEmail === null ? {} : { pending_email: pendingEmail }
  return { email, first_name: firstName, last_name: lastName, ...pending }
}

export default routes
